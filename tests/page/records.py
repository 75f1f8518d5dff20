# SPDX-License-Identifier: MIT
"""Records to make pages from: the reference run, and one that is made up from it."""

import json
import pathlib
import shutil

BLOCKS = 12
PREVIEW = 3
MODELS = ("select", "poll", "epoll-lt")
LEVELS = (8, 64)
HOSTILE = "</script><script>document.title='broken'</script><b>&amp;"


def preview(reference, folder):
    """The first blocks of the reference run: too few to rank."""
    shutil.copytree(reference, folder)
    manifest, trials = read(reference)
    manifest["plan"]["blocks"] = PREVIEW
    (folder / "manifest.json").write_text(json.dumps(manifest))
    lines = [json.dumps(trial) for trial in trials if trial["block"] <= PREVIEW]
    (folder / "trials.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def read(reference):
    manifest = json.loads((reference / "manifest.json").read_text())
    trials = [json.loads(line) for line in (reference / "trials.jsonl").read_text().splitlines()]
    return manifest, trials


def varied(trial, block, number, model):
    """The same trial in another block: select takes a fifth more CPU time than the others, and
    blocks differ a little, not all models alike."""
    wobble = 1 + ((7 * block + sum(map(ord, model))) % 5 - 2) / 500
    cost = wobble * (1.2 if model == "select" else 1)
    return dict(trial, model=model, block=block, number=number, attempt=1, spoilt=0, pinned=1,
                requests=int(trial["requests"] * wobble),
                window_server_user_us=0, window_server_system_us=int(400000 * cost))


def stem(trial):
    again = "-b" if trial["attempt"] == 2 else ""
    return "%(number)04d-%(model)s-%(workload)s-%(level)d" % trial + again + ".csv"


def ranked(reference, folder):
    """Twelve blocks of three models and a twin, which are ranked. One trial was spoilt and measured
    again, and the first model's title is markup."""
    manifest, trials = read(reference)
    first = {t["level"]: t for t in trials
             if t["workload"] == "keep-alive" and t["valid"] == 1 and t["model"] == "poll"}
    lines = []
    for block in range(1, BLOCKS + 1):
        for level in LEVELS:
            for model in (*MODELS, "epoll-lt.twin"):
                lines.append(varied(first[level], block, len(lines) + 1, model))
    spoilt = dict(lines[0], valid=0, spoilt=1, reason="the host took 9.0 % of the CPU time (steal)")
    lines = [spoilt, dict(lines[0], attempt=2), *lines[1:]]
    models = [m for m in manifest["models"] if m["name"] in MODELS]
    models[0]["title"] = HOSTILE
    manifest["models"] = [*models, {"name": "epoll-lt.twin", "twin_of": "epoll-lt"}]
    manifest["plan"].update(blocks=BLOCKS, mode="standard", sentinel="epoll-lt", cells=[
        {"model": m["name"], "workload": "keep-alive", "level": level}
        for m in manifest["models"] for level in LEVELS], order=[])
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "trials.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "histograms").mkdir()
    for line in lines:
        source = "%(number)04d-%(model)s-%(workload)s-%(level)d.csv" % first[line["level"]]
        shutil.copy(reference / "histograms" / source, folder / "histograms" / stem(line))
    return pathlib.Path(folder)


EVERY = {"keep-alive": (8, 64), "latency-rate": (5000, 120000), "latency-share": (50, 80, 120), "capacity": (5000,),
         "idle": (0, 900), "echo": (64, 16384), "pipelined": (1, 16), "mixed": (0, 1, 4), "memory": (0, 500)}


def recast(trial, workload, level, **others):
    """The trial as if it had been another workload's; a rate of 120 000 was too much for it."""
    kept = level != 120000
    offered = trial["requests"] if kept else 2 * trial["requests"]
    others["workload"], others["level"] = workload, level
    return dict(trial, attempt=1, spoilt=0, pinned=1, offered=offered,
                answered_of_offered=trial["requests"], valid=int(kept), memory_user_bytes=300000 + 400 * level,
                memory_kernel_bytes=70000 + 3600 * level, capacity_low_rps=trial["requests"] if workload == "capacity" else None,
                reason=None if kept else "answered 50.0 % of what was due", **others)


def every_workload(reference, folder):
    """Two models in three blocks of workloads of each kind."""
    manifest, trials = read(reference)
    names = ("poll", "epoll-lt")
    cells = [{"model": n, "workload": w, "level": l} for n in names for w, levels in EVERY.items() for l in levels]
    folder.mkdir(parents=True)
    (folder / "histograms").mkdir()
    lines = []
    for trial in trials:
        if trial["workload"] != "keep-alive" or trial["level"] != 64 or trial["model"] not in names:
            continue
        source = reference / "histograms" / stem(dict(trial, attempt=1))
        for workload, levels in EVERY.items():
            for level in levels:
                lines.append(recast(trial, workload, level, number=len(lines) + 1))
                shutil.copy(source, folder / "histograms" / stem(lines[-1]))
    manifest["models"] = [m for m in manifest["models"] if m["name"] in names]
    manifest["plan"].update(cells=cells, order=[])
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "trials.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return pathlib.Path(folder)
