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
    "today": ("今天 {at} / {of}", "today {at} / {of}"),
    "comma": ("、", ", "),
    "blind": ("盲审：不显示机器和一审的结论", "blind: what the machine and the first reviewer said is not shown"),
    "blind-rule": ("违规（或信号）是否成立？{rule}", "Violated (or noticed)? {rule}"),
    "blind-call": ("盲审", "blind"),
    "group": ("{verdict}  {count} 条同一原因", "{verdict}: {count} rules, one reason"),
    "and-more": ("（时段各有不同）", " (each in its own stretch)"),
    "cause": ("原因", "cause"),
    "which-cause": ("机器为什么判错？", "Why is the machine wrong?"),
    "word-line": ("改词，写成 原词=改后（回车保存）：", "WRITTEN=SAID (Enter saves): "),
    "word-stored": ("已存：{at} {written} → {said}", "stored: {at} {written} → {said}"),
    "holds-yes": ("成立", "yes"),
    "holds-no": ("不成立", "no"),
    "holds-unsure": ("不确定", "unsure"),
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
        "a同意 d不同意 u不确定 n备注 c原因 w改词 b返回 s跳过 p播放 q退出 ?帮助",
        "a agree d disagree u unsure n note c cause w word b back s skip p play q quit ?",
    ),
    "keys-group": (
        "a都同意 d都不同意 u不确定 m有漏判 g逐条 n备注 b返回 s跳过 p播放 q退出 ?帮助",
        "a agree d disagree u unsure m missed g one by one n note b back s skip q quit ?",
    ),
    "keys-call": (
        "a无漏判 m有漏判 u不确定 n备注 w改词 b返回 s跳过 p播放 q退出 ?帮助",
        "a complete m missed u unsure n note w word b back s skip p play q quit ? help",
    ),
    "keys-blind": (
        "v成立 o不成立 u不确定 f其余不成立 n备注 w改词 b返回 s跳过 p播放 q退出 ?帮助",
        "v yes o no u unsure f no to the rest n note w word b back s skip p play q quit ?",
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
    "not-a-reviewer": (
        "{name} 不在 [review] reviewers 名单里，只能复核没有分给别人的通话。",
        "{name} is none of the configured reviewers: only calls dealt to nobody are left for you.",
    ),
    "still-open": ("还有 {open} 通待复核。", "{open} calls are left."),
    "playing": ("播放 {at}", "playing {at}"),
    "saved": ("无播放器，片段在 {path}", "no player here; the snippet is in {path}"),
    "role-first": ("一审", "first"),
    "role-second": ("盲审", "blind"),
    "role-adjudicator": ("仲裁", "adjudication"),
    "appeal-open": ("第 {round} 轮申诉中", "appeal {round} open"),
    "appeal-granted": ("第 {round} 轮申诉成立", "appeal {round} granted"),
    "appeal-dismissed": ("第 {round} 轮申诉驳回", "appeal {round} dismissed"),
    "appeal-final": ("（终局）", " (final)"),
    "no-appeals": ("没有待裁定的申诉。", "No appeal waits."),
    "no-differences": ("没有意见不一的结论。", "No two reviewers differ."),
    "appeal": ("申诉", "appeal"),
    "reason": ("理由", "reason"),
    "raised-by": ("申诉人", "raised by"),
    "raised-at": ("时间", "at"),
    "rule": ("规则", "rule"),
    "first-said": ("一审", "first"),
    "second-said": ("盲审", "second"),
    "handed-over": ("已交给 {to}：{count} 通", "handed over to {to}: {count} calls"),
    "machine-score": ("机器得分", "machine score"),
    "reviewed-score": ("复核得分", "reviewed score"),
    "machine-risk": ("机器风险", "machine risk"),
    "reviewed-risk": ("复核风险", "reviewed risk"),
    "state-open": ("待复核 {who}", "open {who}"),
    "state-claimed": ("复核中 {who}", "claimed by {who}"),
    "state-done": ("已完成 {who}", "done by {who}"),
    "empty-queue": ("队列里没有通话。", "The queue is empty."),
    "call": ("通话", "call"),
    "night": ("日期", "night"),
    "state": ("状态", "state"),
    "findings": ("各项结果", "findings"),
    "transcript": ("对话", "transcript"),
    "decisions": ("复核记录", "decisions"),
    "appeals": ("申诉记录", "appeals"),
    "corrections": ("改词", "words put right"),
    "hand-overs": ("交接", "handed over"),
    "replaced": ("（已改判）", "(replaced)"),
    "whole-agree": ("无漏判", "complete"),
    "whole-missed": ("有漏判", "missed"),
    "whole": ("整通", "whole call"),
    "failed-call": ("未能质检：{error}", "not inspected: {error}"),
}

_HELP: dict[str, str] = {
    "zh": """复核按键（不用回车，按下即存）

  a  同意    机器判得对
  d  不同意  机器判错了
  u  不确定  听了也判断不了
  m  漏判    “待定”的一项其实违规；在“整通”一步选出机器漏掉的规则
  g  逐条    同一原因的几条待定默认一起判；按 g 分开判，再按合起来
  n  备注    写一行话，随下一次判定保存；没判就退出也不会丢
  c  原因    机器为什么判错，从清单里选，随下一次判定保存
  w  改词    识别错的字：写成 原词=改后
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
  g      split     uncertain items with one reason are one step; g parts them
  n      note      one line, stored with the next decision and kept until then
  c      cause     why the machine is wrong, stored with the next decision
  w      word      a word that was recognised wrongly: WRITTEN=SAID
  b      back      to the item (or call) before, to decide anew; the earlier
                   decision stays on record
  s      skip      hear this call later; what was decided on it is kept
  p      play      this moment, from 3 s before to 5 s after
  space  page      when the text does not fit on one screen
  q      quit      everything decided is stored; Ctrl-C does the same

The last step of each call is the whole call: 'a' says that nothing else is wrong
with it. Only so can it be counted how much the machine misses.""",
}

_BLIND_HELP: dict[str, str] = {
    "zh": """盲审按键（不用回车，按下即存）

  v  成立    这一条违规了（信号类：出现了）
  o  不成立  没有违规，或与这通电话无关
  u  不确定  听了也判断不了
  f  其余    从这一条起还没判的各条都不成立，这一通完成
  n  备注    写一行话，随下一次判定保存
  w  改词    识别错的字：写成 原词=改后
  b  返回    回到上一条（或上一通），可以改判；旧判定保留在记录里
  s  跳过    这一通以后再听，已判的各条保留
  p  播放    从头播放 5 秒
  空格       文字一屏放不下时翻页
  q  退出    已判的都已保存；Ctrl-C 也一样

盲审用来衡量复核是否一致：请只凭通话判断，不要和一审商量。""",
    "en": """Keys of a blind review (no Enter; a decision is stored at once)

  v      yes       the rule is violated (of a signal: it is there)
  o      no        it is not, or the rule has nothing to do with this call
  u      unsure    it cannot be told, even by listening
  f      the rest  no to all that are undecided from here on; ends the call
  n      note      one line, stored with the next decision
  w      word      a word that was recognised wrongly: WRITTEN=SAID
  b      back      to the rule (or call) before, to decide anew
  s      skip      hear this call later; what was decided on it is kept
  p      play      the first 5 s
  space  page      when the text does not fit on one screen
  q      quit      everything decided is stored; Ctrl-C does the same

Blind reviews measure whether reviewers agree: judge by the call alone.""",
}


def say(what: str, lang: str, /, **values: object) -> str:
    """Return a word or sentence of the screen in `lang` ("zh" or "en"), with its values filled in."""
    chinese, english = _WORDS[what]
    return (english if lang == "en" else chinese).format(**values)


def help_text(lang: str, blind: bool = False) -> str:
    """Return what the keys do."""
    return (_BLIND_HELP if blind else _HELP)["en" if lang == "en" else "zh"]
