"""The text model alone in a process of its own: milliseconds a sentence, and memory.

`python -m hub.bench.text_model RUNS` is that process; it prints one line of JSON.
"""

import json
import subprocess
import sys
import time

from hub.bench.figures import Figure, at_most, median, plain
from hub.errors import HubError
from hub.process_stats import process_stats
from models.catalog import load_catalog
from models.text import TextPipeline

SENTENCE_MS = 12.0
RUN_LIMIT_S = 120
WARM_UP = 5

SENTENCES = {
    "text_short": "thank you, that is very lovely",
    "text_sentence": "I had a terrible day at work and I am so glad to be home with you again!",
}
"""7 and 19 pieces with the two that mark start and end left out."""


def measure(*, quick: bool) -> list[Figure]:
    """Measure sentences on one thread, and the process's memory with the model loaded."""
    command = (sys.executable, "-m", "hub.bench.text_model", "40" if quick else "200")
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter
            command, capture_output=True, text=True, timeout=RUN_LIMIT_S, check=True
        )
        found = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, LookupError, ValueError) as err:
        raise HubError(f"the text model measured nothing: {err}") from err
    sentence = median(found["text_sentence"])
    return [
        at_most("text_sentence", sentence, "ms", SENTENCE_MS, "19 pieces, 1 thread"),
        plain("text_sentence_cpu", median(found["text_sentence_cpu"]), "ms", "processor time"),
        plain("text_short", median(found["text_short"]), "ms", "7 pieces"),
        plain("text_rss", found["rss_mb"], "MB", "a process with the text model alone"),
    ]


def main(runs: int) -> None:
    """Measure in turns and print."""
    read = TextPipeline(load_catalog(), 1)
    result: dict[str, list[float] | float] = {}
    times: dict[str, list[float]] = {name: [] for name in SENTENCES}
    spent: list[float] = []
    for turn in range(runs + WARM_UP):
        for name, text in SENTENCES.items():
            clock, cpu = time.perf_counter(), time.thread_time()
            read(text)
            if turn >= WARM_UP:
                times[name].append((time.perf_counter() - clock) * 1e3)
                if name == "text_sentence":
                    spent.append((time.thread_time() - cpu) * 1e3)
    stats = process_stats()
    result |= times
    result |= {"text_sentence_cpu": spent, "rss_mb": stats.rss_mb if stats else 0.0}
    print(json.dumps(result))  # noqa: T201 - the result


if __name__ == "__main__":
    main(int(sys.argv[1]))
