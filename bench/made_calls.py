"""Generated transcripts that look like recognised calls, the same for the same seed and number.

A call is put together from exchanges: turns of the recorded calls and dialogues in `fixtures/` and the templates
below, whose slots (names, numbers, amounts, places, products) vary. Then the recogniser's errors are added: characters
replaced by ones that sound the same, characters lost, fillers, lost punctuation. How many utterances are distinct is
told by `distinct_share`, because whatever is kept by text gains from calls that repeat one another.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from inspect_pipeline.model import Activity, ActivityKind, Recording, Speaker, SpeakerSource, Transcript, Utterance
from inspect_pipeline.text.dialogue import parse_dialogue
from inspect_pipeline.text.sound import reading

FIXTURES = Path(__file__).parent.parent / "fixtures"
A, C = Speaker.AGENT, Speaker.CUSTOMER
SWAPPED, LOST, FILLED, UNPOINTED = 0.03, 0.01, 0.15, 0.35  # shares of characters, characters, utterances, utterances
COPIED = 0.30  # share of a call's exchanges that are turns of real dialogues, not templates

SLOTS = {
    "surname": "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田"
               "董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢",
    "given": "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀英霞平刚桂兰国建文华玉小红志",
    "title": ["先生", "女士", "小姐"],
    "digit": "零幺二三四五六七八九",
    "city": ["成都", "重庆", "武汉", "杭州", "郑州", "长沙", "西安", "南京",
        "济南", "福州", "合肥", "昆明", "贵阳", "沈阳"],
    "road": ["人民", "解放", "建设", "春熙", "中山", "高新", "天府", "滨江", "光谷",
        "文化", "和平", "胜利", "科技", "东风", "迎宾"],
    "product": [
        "彩铃", "来电助手", "视频会员", "流量加油包", "国际漫游包", "宽带提速包",
        "全球通套餐", "动感地带", "家庭网", "亲情号",
        "云盘会员", "音乐包", "呼叫转移", "短信包", "夜间流量包", "千兆宽带",
            "电视会员", "校园套餐", "五G畅享套餐", "咪咕会员",
    ],
    "amount": ["五", "八", "十", "十二", "十九", "二十", "二十九", "三十",
        "三十八", "四十九", "五十", "五十八", "六十九", "八十八",
               "九十九", "一百", "一百二十八", "一百五十九", "两百", "三百"],
    "count": ["两", "三", "四", "五", "六", "好几", "七八", "十几"],
    "day": ["昨天", "前天", "今天早上", "上周五", "这个星期", "月初", "八号",
        "十五号", "上个月底", "星期三", "周末", "中午", "半夜"],
    "device": ["路由器", "光猫", "手机", "机顶盒", "平板", "电脑", "摄像头", "电视"],
    "who": ["我妈", "我爸", "我老公", "我老婆", "孩子", "我自己", "我弟弟", "公司", "家里老人", "我奶奶"],
    "work": ["上网课", "开会", "做生意", "上班", "打游戏", "看电视", "收验证码", "联系客户", "付款", "交作业"],
}  # fmt: skip

OPENINGS = [
    "您好，中国移动客服，工号{digit}{digit}{digit}{digit}，很高兴为您服务，请问有什么可以帮您？",
    "您好，{city}移动，工号{digit}{digit}{digit}{digit}号为您服务，请讲。",
    "{surname}{title}您好，欢迎致电中国移动，请问有什么可以帮到您？",
    "喂，你好，我是{digit}{digit}{digit}{digit}号，什么事？",
    "您好，这里是{city}移动客服，您想咨询哪方面的业务？",
]
MATTERS = [
    "我想问一下{product}怎么取消，{day}就扣了我{amount}块钱",
    "你好，我家的{device}从{day}开始就上不了网，{who}要{work}呢",
    "我查一下{day}的话费，怎么多了{amount}块",
    "我想换一个{amount}块钱的套餐，现在的{product}太贵了",
    "{who}的号码{day}停机了，交了{amount}块还是打不出去",
    "我要办{product}，{day}你们打电话说只要{amount}块",
    "你们{city}{road}路那边信号太差了，{who}{work}老是断",
    "我{day}在{city}漫游，打了{count}个电话扣了{amount}块，太过分了",
    "我想把宽带移到{road}路{digit}{digit}号，{day}能不能来人",
    "我{day}打过{count}次了，{product}到现在都没给我退，急死我了",
    "帮我查一下还有多少流量，{who}说{product}用完了",
]
EXCHANGES = [
    (A, "好的{surname}{title}，请您提供一下机主姓名和身份证后四位，我核实一下"),
    (C, "{surname}{given}{given}，{digit}{digit}{digit}{digit}"),
    (A, "请您报一下办理{product}的手机号码"),
    (C, "幺{digit}{digit}，{digit}{digit}{digit}{digit}，{digit}{digit}{digit}{digit}"),
    (A, "信息核对无误，系统显示您{day}订购了{product}，每月{amount}元"),
    (C, "我没有订过{product}啊，{who}也没订过，是不是搞错了"),
    (A, "请您稍等一下，我帮您查询{day}的订购记录"),
    (A, "感谢您的耐心等待，{product}是{day}通过短信开通的"),
    (C, "那{amount}块钱能不能退给我，我{day}根本没有用{device}"),
    (A, "非常抱歉给您带来不便，我马上为您登记，{product}的费用{amount}元会在{count}个工作日内退回"),
    (C, "上次也是这样说的，等了{count}天都没有人管"),
    (A, "{surname}{title}，我非常理解您的心情，您先别着急，我帮您加急处理"),
    (A, "我已经为您安排师傅到{road}路{digit}{digit}号上门检测{device}"),
    (C, "师傅{day}说来也没有来，{who}在家里等了{count}个小时"),
    (A, "您把{device}的电源拔掉，等{count}分钟再插上，看看指示灯是什么颜色"),
    (C, "{device}上面红灯一直闪，{who}说{day}就这样了"),
    (A, "这个{product}合约到期之前取消的话，需要付{amount}元"),
    (C, "你们当时在{road}路营业厅没有跟我说要{amount}块"),
    (A, "您目前的套餐是{amount}元的{product}，里面有{count}个G的流量"),
    (C, "那有没有便宜一点的，{amount}块左右的就可以了"),
    (A, "有的，{amount}元的{product}，通话{amount}分钟，下个月一号生效"),
    (C, "好，那就给{who}也办一个，{day}能用吗"),
    (A, "办理成功之后您会收到短信，请您注意查收{product}的开通通知"),
    (C, "短信是{digit}{digit}{digit}{digit}{digit}发的那个吗"),
    (A, "{city}那边{day}有线路检修，预计{count}个小时之内恢复"),
    (C, "{count}个小时太久了，{who}还要{work}，能不能快一点"),
    (A, "我给您反馈给{city}的网络部门，{day}会有专人给您回电话"),
    (C, "行吧，那你记一下，打{digit}{digit}{digit}{digit}这个尾号"),
    (C, "再不解决我就打幺二三幺五投诉，{day}换到电信去"),
    (A, "这个不归我管，您去{road}路营业厅问吧"),
    (C, "嗯，{day}的我知道了"),
    (A, "好的，{surname}{title}"),
    (C, "好的好的"),
    (A, "嗯，请讲"),
    (C, "对，是{who}的{device}"),
    (A, "不客气，{product}您还有什么不清楚的吗"),
]
CLOSINGS = [
    (A, "请问还有其他可以帮您的吗，{surname}{title}？"),
    (C, "没有了，谢谢，{day}再说"),
    (A, "感谢您的来电，祝您生活愉快，再见"),
]
_FILLERS = ("嗯", "呃", "那个", "就是", "啊", "这个", "然后", "哦")
_POINTS = str.maketrans("", "", "，。！？、")


@cache
def real_turns() -> tuple[tuple[Speaker, str], ...]:
    """Return the turns of the recorded calls and the dialogues of the fixtures."""
    turns = []
    for path in sorted([*FIXTURES.glob("calls/*.json"), *FIXTURES.glob("dialogues/*.txt")]):
        transcript = parse_dialogue(path.read_text(encoding="utf-8"), path.stem, str(path))
        turns += [(said.speaker, said.text) for said in transcript.utterances]
    polite = (FIXTURES / "polite-utterances.txt").read_text(encoding="utf-8").splitlines()
    return (*turns, *((A, line) for line in polite if line and not line.startswith("#")))


@cache
def homophones() -> dict[str, str]:
    """Return for each character that is ever said here the other such characters with its syllable."""
    said = {character for _, text in (*real_turns(), *EXCHANGES, *CLOSINGS) for character in text}
    said |= {character for text in (*OPENINGS, *MATTERS) for character in text}
    by_sound: dict[tuple[str, str], set[str]] = defaultdict(set)
    for character in said:
        known = reading(character)
        if known:
            by_sound[known[:2]].add(character)
    return {
        character: "".join(sorted(alike - {character}))
        for alike in by_sound.values()
        for character in sorted(alike)
        if len(alike) > 1
    }


def filled(template: str, chance: random.Random) -> str:
    """Return a template with each slot filled."""
    pieces = template.split("{")
    text = [pieces[0]]
    for piece in pieces[1:]:
        slot, _, rest = piece.partition("}")
        text += [chance.choice(SLOTS[slot]), rest]
    return "".join(text)


def misheard(text: str, chance: random.Random) -> str:
    """Return a text as a recogniser might write it."""
    alike = homophones()
    characters = list(text)
    for place, character in enumerate(text):
        roll = chance.random()
        if roll < LOST and len(text) > 3:
            characters[place] = ""
        elif roll < LOST + SWAPPED and character in alike:
            characters[place] = chance.choice(alike[character])
    if chance.random() < FILLED:
        characters.insert(chance.randrange(len(characters) + 1), chance.choice(_FILLERS))
    written = "".join(characters)
    bare = written.translate(_POINTS) if chance.random() < UNPOINTED else written
    return bare or text


def made_call(number: int, utterances: int = 20, seed: str = "0") -> Transcript:
    """Return call `number`: two channels, so many utterances, times at about 4.5 characters a second."""
    chance = random.Random(f"{seed}/{number}")
    turns = [(A, filled(chance.choice(OPENINGS), chance)), (C, filled(chance.choice(MATTERS), chance))]
    real = real_turns()
    while len(turns) < utterances - len(CLOSINGS):
        copied = chance.random() < COPIED
        speaker, text = chance.choice(real if copied else EXCHANGES)
        turns.append((speaker, text if copied else filled(text, chance)))
    turns += [(speaker, filled(text, chance)) for speaker, text in CLOSINGS[: max(0, utterances - len(turns))]]
    return _spoken(f"made-{number:07d}", [(speaker, misheard(text, chance)) for speaker, text in turns], chance)


def _spoken(call_id: str, turns: Sequence[tuple[Speaker, str]], chance: random.Random) -> Transcript:
    said: list[Utterance] = []
    now = 0.5 + chance.random()
    for index, (speaker, text) in enumerate(turns):
        end = now + len(text) / (3.5 + 2 * chance.random())
        confidence = round(0.72 + 0.26 * chance.random(), 3)
        channel = 0 if speaker is A else 1
        said.append(Utterance(index, speaker, channel, round(now, 2), round(end, 2), text, text, confidence))
        now = end + (12.0 * chance.random() if chance.random() < 0.04 else 0.1 + 0.8 * chance.random())
    activity = tuple(
        Activity(ActivityKind.SPEECH, one.speaker, one.channel, one.start_s, one.end_s, -22.0) for one in said
    )
    return Transcript(
        call_id,
        round(now + 0.5, 2),
        tuple(said),
        activity,
        speaker_source=SpeakerSource.CHANNEL,
        confidence=round(sum(one.confidence for one in said) / len(said), 4),
    )


def made_recording(transcript: Transcript) -> Recording:
    """Return the recording that a made transcript would come from."""
    number = int(transcript.call_id.rpartition("-")[2])
    return Recording(
        transcript.call_id,
        f"made/{transcript.call_id}.wav",
        duration_s=transcript.duration_s,
        agent_id=f"{number % 500:04d}",
        team=f"组{number % 25}",
        queue=("话费", "宽带", "套餐", "投诉")[number % 4],
        direction="inbound",
    )


def made_calls(count: int, utterances: int = 20, seed: str = "0", first: int = 0) -> Iterator[Transcript]:
    """Yield calls `first` to `first + count`, one at a time."""
    for number in range(first, first + count):
        yield made_call(number, utterances, seed)


def made_distinct(call: Transcript, said: set[str]) -> Transcript:
    """Return a call with none of the texts in `said`, and put its own there: a repeated one gets other words behind."""
    utterances = []
    for one in call.utterances:
        text, chance = one.text, random.Random(f"{call.call_id}/{one.index}")
        while text in said:
            text = f"{one.text}，{filled('{day}{who}{product}{amount}{city}', chance)}"
        said.add(text)
        utterances.append(replace(one, text=text, text_raw=text))
    return replace(call, utterances=tuple(utterances))


def distinct_share(calls: Sequence[Transcript]) -> float:
    """Return how many of all utterances are the only ones of their text or its first occurrence (0-1)."""
    texts = [said.text for call in calls for said in call.utterances]
    return len(set(texts)) / len(texts)
