"""Sentences that recognisers invent on silence, noise and music because their training subtitles were full of them.

Gathered from public reports of Whisper users and from runs on ring-back, music and silence. Each is matched whole, on
the text without punctuation and in Simplified characters: a bare 订阅 or 点赞 is what a customer may well say.
"""

from __future__ import annotations

# Never part of a service call: cut out wherever they stand, the rest of the text stays.
ANYWHERE: tuple[str, ...] = (
    r"请?不吝点赞订阅转发打赏支持(明镜(与|和)?点点栏目)?",
    r"(请?不吝)?点赞订阅转发打赏(支持)?",
    r"明镜(需要您的支持|与点点栏目|火拍)(欢迎(收看)?订阅明镜)?",
    r"欢迎(收看)?订阅明镜",
    r"优优独播剧场(yoyo)?(电视剧独家播出|televisionseries(exclusive)?)?",
    r"yoyotelevisionseriesexclusive",
    r"(中文)?字幕(由)?amaraorg社[群区](提供)?",
    r"由?amaraorg社[群区]提供(的)?字幕",
    r"字幕(志愿者|组|制作|校对|听译|翻译|提供)[:：]?[a-z一-鿿]{2,4}$",
    r"(中文)?字幕(由|by)[a-z一-鿿]{2,12}(提供|制作|翻译)",
    r"(记得|请|别忘了)?(点赞|订阅|关注)(并|和)?(点赞|订阅|关注|转发)?我们?的?频道",
    r"订阅我的频道(点赞)?",
    r"(感谢|谢谢)(您的?|你的?|大家的?)?(收看|观看)",
    r"(我们)?下(期|集|次)(节目|视频)?(再见|再会)(拜拜)?$",
    r"本(字幕|视频)由.{2,12}(提供|制作)",
    r"词曲?李宗盛|作(词|曲)李宗盛|(作词|作曲|编曲)[一-鿿]{2,4}(作词|作曲|编曲)",
    r"thanksforwatching|thankyouforwatching|subtitlesbytheamaraorgcommunity|pleasesubscribe(tomychannel)?",
)

# Invented only when they are all there is; inside a longer text they may be speech.
WHOLE: tuple[str, ...] = (
    r"(音乐|背景音乐|片头音乐|片尾音乐)(播放中|响起)?",
    r"music|musicplaying|applause|掌声|笑声|铃声|静音|无声|无对白",
    r"(字幕|中文字幕|字幕提供|提供字幕|字幕by)",
    r"(未完待续|完|剧终|本集完|全剧终)",
    r"(以下是普通话的句子|这次是普通话的句子|普通话的句子)",
    r"(的){4,}|(啊){8,}",
    r"mbc(뉴스)?.*|ご視聴ありがとうございました",
)
