"""What the review screen itself says, in Chinese and English. Verdicts, risks and reasons are said by `wording`."""

from __future__ import annotations

_WORDS: dict[str, tuple[str, str]] = {
    "agent": ("客服", "agent"),
    "team": ("班组", "team"),
    "queue": ("队列", "queue"),
    "duration": ("时长", "length"),
    "score": ("得分", "score"),
    "risk": ("风险", "risk"),
    "why": ("原因", "why"),
    "due": ("期限", "due"),
    "overdue": ("已超时", "overdue"),
    "no-due": ("无期限", "no limit"),
    "unscored": ("无", "none"),
    "of-calls": ("第 {at} / {of} 通", "call {at} / {of}"),
    "finding": ("第 {at} / {of} 项", "item {at} / {of}"),
    "whole-call": ("整通：除以上各项外，还有没有漏判？", "The whole call: is anything else wrong with it?"),
    "points": ("扣 {points} 分", "{points} points"),
    "stored": ("已存：{what}  {choice}", "stored: {what}: {choice}"),
    "decided": ("已判", "decided"),
    "note": ("备注", "note"),
    "missed-so-far": ("已记漏判", "missed"),
    "page": ("空格翻页 {at} / {of}", "space: page {at} / {of}"),
    "no-text": ("（没有可显示的文字）", "(no text)"),
    "agree": ("同意", "agree"),
    "disagree": ("不同意", "disagree"),
    "unsure": ("不确定", "unsure"),
    "missed": ("漏判", "missed"),
    "keys-finding": (
        "a 同意  d 不同意  u 不确定  n 备注  b 返回  s 跳过  p 播放  q 退出  ? 帮助",
        "a agree  d disagree  u unsure  n note  b back  s skip  p play  q quit  ? help",
    ),
    "keys-call": (
        "a 无漏判  m 有漏判  u 不确定  n 备注  b 返回  s 跳过  p 播放  q 退出  ? 帮助",
        "a complete  m missed  u unsure  n note  b back  s skip  p play  q quit  ? help",
    ),
    "which-rule": ("漏判的是哪一条？", "Which rule was missed?"),
    "rule-number": ("序号（回车取消）：", "number (Enter: none): "),
    "note-line": ("备注（回车保存）：", "note (Enter saves): "),
    "no-such-rule": ("没有这个序号", "no such number"),
    "no-such-key": ("没有这个键：{key}（? 帮助）", "no such key: {key} (? help)"),
    "first-finding": ("这已是第一项", "this is the first item"),
    "any-key": ("按任意键返回", "any key goes back"),
    "nothing-left": ("没有待复核的通话了。", "No call is left to review."),
    "session": (
        "本次复核 {calls} 通，{decisions} 项判定已保存。",
        "{calls} calls reviewed, {decisions} decisions stored.",
    ),
    "still-open": ("还有 {open} 通待复核。", "{open} calls are left."),
    "playing": ("播放 {at}", "playing {at}"),
    "saved": ("无播放器，片段在 {path}", "no player here; the snippet is in {path}"),
    "state-open": ("待复核", "open"),
    "state-claimed": ("复核中 {who}", "claimed by {who}"),
    "state-done": ("已完成 {who}", "done by {who}"),
    "empty-queue": ("队列里没有通话。", "The queue is empty."),
    "call": ("通话", "call"),
    "night": ("日期", "night"),
    "state": ("状态", "state"),
    "findings": ("各项结果", "findings"),
    "transcript": ("对话", "transcript"),
    "decisions": ("复核记录", "decisions"),
    "whole": ("整通", "whole call"),
    "failed-call": ("未能质检：{error}", "not inspected: {error}"),
}

_HELP: dict[str, str] = {
    "zh": """复核按键（不用回车，按下即存）

  a  同意    机器判得对
  d  不同意  机器判错了
  u  不确定  听了也判断不了
  m  漏判    “待定”的一项其实违规；在“整通”一步选出机器漏掉的规则
  n  备注    写一行话，随下一次判定保存；没判就退出也不会丢
  b  返回    回到上一项（或上一通），可以改判；旧判定保留在记录里
  s  跳过    这一通以后再听，已判的各项保留
  p  播放    播放这一刻，前 3 秒到后 5 秒
  空格       文字一屏放不下时翻页
  q  退出    已判的都已保存；Ctrl-C 也一样

每通最后一步是“整通”：a 表示除已判各项外没有别的问题。
有了这一步，才能算出机器漏掉了多少。""",
    "en": """Keys (no Enter; a decision is stored at once)

  a      agree     the machine is right
  d      disagree  the machine is wrong
  u      unsure    it cannot be told, even by listening
  m      missed    an 'uncertain' item is a violation; for the whole call: pick
                   the rule that the machine missed
  n      note      one line, stored with the next decision and kept until then
  b      back      to the item (or call) before, to decide anew; the earlier
                   decision stays on record
  s      skip      hear this call later; what was decided on it is kept
  p      play      this moment, from 3 s before to 5 s after
  space  page      when the text does not fit on one screen
  q      quit      everything decided is stored; Ctrl-C does the same

The last step of each call is the whole call: 'a' says that nothing else is wrong
with it. Only so can it be counted how much the machine misses.""",
}


def say(what: str, lang: str, /, **values: object) -> str:
    """Return a word or sentence of the screen in `lang` ("zh" or "en"), with its values filled in."""
    chinese, english = _WORDS[what]
    return (english if lang == "en" else chinese).format(**values)


def help_text(lang: str) -> str:
    """Return what the keys do."""
    return _HELP["en" if lang == "en" else "zh"]
