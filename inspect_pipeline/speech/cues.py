"""Which words sound like the agent of a hotline, and which like its customer: log-odds, positive for the agent.

Weighed by hand from service scripts, for any hotline. Used to tell speakers apart, never to judge what was said.
"""

from __future__ import annotations

import re

_LIMIT = 5.0  # no utterance is surer than this of its speaker by its words alone

_CUES: tuple[tuple[str, float], ...] = (
    # the agent: opening, asking, doing for the customer, closing
    (r"您好.{0,12}(客服|服务|热线|移动|联通|电信)", 3.0),
    (r"[工公共][号好耗].{0,2}[0-9零一二三四五六七八九幺]", 4.0),
    (r"(高兴|荣幸).{0,2}为[您你]服务", 4.0),
    (r"(请问)?有(什么|谁|神).{0,4}(帮|为)", 3.0),
    (r"请问(您|还|有|是|机主)|请问$", 1.5),
    (r"(为|帮|给|替)您", 2.0),
    (r"(感谢|谢谢)您?的?(来电|耐心|理解|支持|等待|配合)|感谢", 3.0),
    (r"祝您|祝你", 4.0),
    (r"请您?(稍等|提供|不要挂|说一下|告诉|携带|放心|保持|记录|核对)|您放心|您稍等|请稍", 2.5),
    (r"(非常|真的|很)?抱歉|对不起|给您带来|理解您|您的心情", 2.0),
    (r"不客气|不用客气|不用谢|不谢", 1.5),
    (r"还有(什么|其他|别的).{0,8}(帮|需要|可以|吗)", 3.0),
    (r"(已经|马上|现在|这边).{0,3}(为|帮|给)[您你]|系统(显示|里)|查(询)?到[您你]|工单|登记|上门", 1.2),
    (r"[您你]的?(来电|账户|号码|余额|套餐是|姓名|身份证|手机号)", 1.0),
    (r"您", 0.8),
    (r"办理成功|核对(无误|成功)|核实", 1.5),
    # the customer: what is wrong, what is wanted, giving and declining
    (r"我(家|这|的|们家)的?.{0,3}(宽带|手机|号|网|电话|话费|花费|流量|套餐|卡|信号|钱|月)", -2.0),
    (r"你们", -2.0),
    (r"我(要|想)(投诉|办|取消|查|退|问|改|换|开|挂失|补)|我要打|想(问|查|办|咨询)一下", -2.5),
    (r"怎么(回事|办|又|多|收|还|这么|会|搞)|凭什么|什么(态度|意思|时候能)|到底", -1.5),
    (r"帮我|给我(退|查|办|改|开|一个)", -2.0),
    (r"没有了|没了|不用了|不需要|没事了|算了", -2.0),
    (r"太(过分|差|慢|贵|离谱)|气死|生气|不满意|坑人|骗|无语|垃圾", -2.0),
    (r"我(叫|是本人|就是)|是本人|后四位是?[0-9零一二三四五六七八九幺]", -2.0),
    (r"我(根本|一直|都|昨天|上个?月|下[周个]|什么时候|现在每)", -1.2),
    (r"谢谢(你|啊|了)?", -0.6),
    (r"^(好的?|嗯+|行|对+|是的?|哦|可以|知道了|明白了|喂)[吧啊呀了]?$", -0.7),
    (r"多少钱|会不会|能不能|行不行|贵不贵|几点", -0.8),
)
_compiled = tuple((re.compile(pattern), weight) for pattern, weight in _CUES)
_question = re.compile(r"[?？]$|[吗呢么]$|(什么|多少|哪里|几点|是不是|可以吗)$")


def agent_log_odds(normal: str) -> float:
    """Return how much an utterance (normalised text) sounds like the agent: -5 the customer, 5 the agent."""
    total = sum(weight for pattern, weight in _compiled if pattern.search(normal))
    return max(-_LIMIT, min(_LIMIT, total))


def is_question(text: str) -> bool:
    """Whether an utterance ends as a question, so that the other one is likely to speak next."""
    return _question.search(text.strip(" 。，,.")) is not None
