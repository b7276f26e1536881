"""What the reports on rules, reviewers and sampling plans say, in Chinese and English."""

from __future__ import annotations

_WORDS: dict[str, tuple[str, str]] = {
    "quality": ("规则质量 {first} 至 {last}", "Quality of the rules, {first} to {last}"),
    "no-reviews": ("这些日期还没有人工复核。", "Nobody has reviewed a call of these nights yet."),
    "reviewed": (
        "抽中 {drawn} 通，复核完 {reviewed} 通（按抽中概率加权，区间为 95%）",
        "{drawn} calls drawn, {reviewed} reviewed to the end (weighted; 95 % intervals)",
    ),
    "outside": (
        "另有 {count} 通不在抽样之内，未计入",
        "{count} more, outside the sample, do not count",
    ),
    "rule": ("规则", "rule"),
    "hits": ("命中", "hits"),
    "precision": ("精确率", "precision"),
    "recall": ("召回率", "recall"),
    "labels": ("复核", "reviews"),
    "uncertain": ("待定", "uncertain"),
    "few": ("样本不足", "too few"),
    "labels-told": (
        "复核 = 命中的通话 + 未命中的通话；精确率至少要 {hits} 通命中，召回率至少要 {found} 通属实、{others} 通未命中，"
        "且抽不到或还没听到的不超过 {unspoken}",
        "reviews: calls that were hit + others; precision needs {hits} hits, recall {found} calls in which the rule"
        " holds and {others} others; no number while more than {unspoken} are of a kind that nobody has heard",
    ),
    "trend": ("每周（精确率 / 召回率，%）", "By week (precision / recall, %)"),
    "older": ("旧版规则下的复核（不计入上表）", "Reviews of older wordings (not counted above)"),
    "wording": ("版本", "wording"),
    "nights": ("日期", "nights"),
    "older-labels": (
        "{rule}  {wording}  {decisions} 项判定，命中认可 {agreed}，漏判 {missed}（当晚已按新规则重判）",
        "{rule}  {wording}  {decisions} decisions, {agreed} of hits right, {missed} missed (judged again since)",
    ),
    "older-calls": (
        "整通  {wording}  {decisions} 通：无漏判 {agreed}，有漏判 {missed}，不确定 {unsure}（对改动过的规则不算数）",
        "whole call  {wording}  {decisions} calls: {agreed} complete, {missed} missed, {unsure} unsure (nothing is said"
        " of rules that have changed since)",
    ),
    "unknown-calls": (
        "整通  规则未知  {decisions} 通：无漏判 {agreed}，有漏判 {missed}，不确定 {unsure}（旧版数据库，都不算数）",
        "whole call  rules unknown  {decisions} calls: {agreed} complete, {missed} missed, {unsure} unsure (from an"
        " older database; they do not count)",
    ),
    "reviewers": ("复核员 {first} 至 {last}", "Reviewers, {first} to {last}"),
    "no-decisions": ("这些日期还没有复核判定。", "Nothing has been decided on these nights yet."),
    "reviewer": ("复核员", "reviewer"),
    "completed": ("复核完", "reviewed"),
    "second": ("二次复核", "second"),
    "decisions": ("判定", "decisions"),
    "agreed": ("认可命中", "hits right"),
    "unsure": ("不确定", "unsure"),
    "seconds": ("用时（秒）", "seconds"),
    "agreement": (
        "一致性（两人以上互不知情的复核，± 为标准误）",
        "Agreement (rated by two or more, blind; ± standard error)",
    ),
    "no-agreement": ("还没有两人都复核过的通话。", "No call was rated by two people yet."),
    "who": ("", ""),
    "calls": ("通话", "calls"),
    "raw": ("一致率", "raw"),
    "violations": ("违规一致", "on hits"),
    "overall": ("全部", "all"),
    "pair": ("{first} / {second}", "{first} / {second}"),
    "agreement-told": (
        "κ：Cohen（多人取两两平均）；AC1：Gwet；α：Krippendorff；违规一致 = 2a / (2a + b + c)",
        "κ: Cohen's (mean of pairs); AC1: Gwet's; α: Krippendorff's; on hits: 2a / (2a + b + c)",
    ),
    "plan": ("{night} 的抽样方案", "Sampling plan on {night}"),
    "forecast": ("抽样方案预演（以 {night} 的通话推算{of}）", "Sampling plan, looking ahead from {night}{of}"),
    "forecast-of": (" {night}", " to {night}"),
    "expected": (
        "{calls} 通中预计抽 {expected} 通（95% 在 {low}–{high}），其中必听 {mandatory} 通，双人复核约 {twice} 通",
        "{expected} of {calls} calls expected (95 %: {low}–{high}), {mandatory} mandatory, about {twice} heard twice",
    ),
    "budget": ("预算 {budget} 通，其余按 {scale} 压缩", "budget {budget} calls: all others scaled by {scale}"),
    "budget-fits": ("预算 {budget} 通，不需压缩", "budget {budget} calls: it fits"),
    "over-budget": ("必听已近满预算，实际将超出", "mandatory calls nearly fill the budget: it will be exceeded"),
    "never": (
        "注意：{calls} 通永远抽不到，漏判无法估计（clean 请大于 0）",
        "warning: {calls} calls can never be drawn; what is missed in them stays unknown (set clean above 0)",
    ),
    "reason": ("原因", "reason"),
    "mandatory": ("必听", "always"),
    "expects": ("预计抽中", "expected"),
    "decides": ("由此抽中", "because"),
    "chance": ("概率", "probability"),
    "group-line": (
        "{name} {groups} 个，每个 {fewest}–{most} 通，预计各抽 {least}–{top} 通",
        "{groups} {name}, {fewest}–{most} calls each, {least}–{top} expected of each",
    ),
    "random-agent": ("客服", "agents"),
    "random-team": ("班组", "teams"),
    "random-queue": ("队列", "queues"),
    "new-rules": ("新规则（无法预估）：{names}", "New rules (nobody knows yet): {names}"),
    "changed-rules": ("有改动的规则：{names}", "Changed rules: {names}"),
    "comma": ("、", ", "),
}


def say(what: str, lang: str, /, **values: object) -> str:
    """Return a word or sentence of a report in `lang` ("zh" or "en"), with its values filled in."""
    chinese, english = _WORDS[what]
    return (english if lang == "en" else chinese).format(**values)
