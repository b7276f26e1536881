"""How speech is recognised, as one value that is handed to the transcriber."""

from __future__ import annotations

from dataclasses import dataclass, field

from inspect_pipeline.model import Seconds
from inspect_pipeline.speech.vad import VadSettings

# Names and nouns of the trade that the recogniser should expect. None of them may be a phrase that a rule looks for:
# what stands in the prompt can be written by the model although nobody said it. (On 74 calls: 18.4 % of characters
# wrong without, 17.7 % with the nouns alone, 16.6 % with these, 17.3 % with twenty more.)
NOUNS = (
    *("中国移动", "中国电信", "中国联通"),
    *("宽带", "套餐", "流量", "话费", "营业厅", "光缆", "漫游", "网速", "月租", "合约", "副卡"),
)


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """What can be set about recognition; the defaults are the measured ones.

    `device` is auto, cpu or cuda; `compute_type` auto is int8 on a CPU and float16 on a GPU. `threads` is a CPU's
    threads for one transcriber: 1 when several processes share a machine. `nouns` bias the recogniser (see NOUNS).
    `batch_size`: stretches recognised together; 0 is 8 on a CPU, and what the memory holds on a GPU. `beam_size`:
    texts searched side by side; with 5 the characters are no better than with 3, with 1 a tenth worse.
    """

    model: str = "base"
    language: str = "zh"
    device: str = "auto"
    compute_type: str = "auto"
    threads: int = 0
    beam_size: int = 3
    batch_size: int = 0
    nouns: tuple[str, ...] = NOUNS
    longest_turn_s: Seconds = 20.0
    turn_gap_s: Seconds = 1.0
    download: bool = False
    vad: VadSettings = field(default_factory=VadSettings)
