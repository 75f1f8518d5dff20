#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What report.html has to do in a browser. Usage: page.py C10KIT REFERENCE-RUN [PICTURES]

With PICTURES, a folder, it also leaves there how the pages look.
"""

import base64
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree stays as it is
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import browser  # noqa: E402 (beside this file)
import records  # noqa: E402

LOOK = (pathlib.Path(__file__).parent / "look.js").read_text()
LIMIT_BYTES = 3 << 20
NARROW, WIDE = 360, 1200


class Page:
    """A run's page, opened as a file."""

    def __init__(self, chromium, run):
        self.chromium, self.run = chromium, run
        chromium.complaints.clear()
        chromium.requests.clear()
        chromium.appear()
        chromium.resize(WIDE)
        chromium.open((run / "report.html").as_uri())
        chromium.ask("window.look = %s, null" % LOOK)

    def ask(self, expression):
        return self.chromium.ask(expression)

    def text(self, section):
        return self.ask("document.getElementById('%s').innerText" % section)


def expect(holds, what):
    if not holds:
        raise AssertionError(what)


def opens_without_a_complaint_and_asks_for_nothing_else(page):
    expect(page.chromium.complaints == [], page.chromium.complaints)
    others = [url for url in page.chromium.requests if not url.startswith(("file://", "data:"))]
    expect(others == [], others)
    files = [url for url in page.chromium.requests if url.startswith("file://")]
    expect(files == [(page.run / "report.html").as_uri()], files)
    expect("models" in page.ask("document.title") or page.run.name in page.ask("document.title"),
           page.ask("document.title"))


def every_section_says_something(page):
    for section in ("answer", "charts", "cells", "pairs", "trials", "validity", "warnings", "again"):
        words = len(page.text(section).split())
        expect(words > 5, "%s has %d words" % (section, words))
    empty = page.ask("[...document.querySelectorAll('table')].filter(t => !t.caption || "
                     "!t.caption.textContent.trim() || !t.tBodies[0].rows.length).length")
    expect(empty == 0, "%d tables lack a caption or rows" % empty)


def is_small_enough_to_be_sent(page):
    size = (page.run / "report.html").stat().st_size
    expect(size < LIMIT_BYTES, "%d bytes" % size)


def a_click_on_a_header_sorts(page):
    def figures():
        return [float(text.replace("\u202f", "")) for text in page.ask("look.column('cells', 'Mean')") if text]

    def direction():
        return page.ask("look.header('cells', 'Mean').getAttribute('aria-sort')")

    before = figures()
    expect(direction() == "none" and before not in (sorted(before), sorted(before)[::-1]), "not sorted at first")
    page.ask("look.header('cells', 'Mean').querySelector('button').click()")
    expect(direction() == "descending" and figures() == sorted(before)[::-1], "more is better: largest first")
    page.ask("look.header('cells', 'Mean').querySelector('button').click()")
    expect(direction() == "ascending" and figures() == sorted(before), "the second click turns it round")
    sorts = page.ask("document.querySelectorAll('#cells [aria-sort]:not([aria-sort=none])').length")
    expect(sorts == 1, "%d headers say that they sort" % sorts)


def filters_leave_what_they_name(page):
    def check(section, field, value, column, wanted):
        page.ask("look.choose('%s', '%s', '')" % (section, field))
        all_rows = len(page.ask("look.column('%s', '%s')" % (section, column)))
        page.ask("look.choose('%s', '%s', '%s')" % (section, field, value))
        left = page.ask("look.column('%s', '%s')" % (section, column))
        expect(0 < len(left) < all_rows and all(wanted(text) for text in left),
               "%s by %s: %d of %d rows, %s" % (section, field, len(left), all_rows, left[:5]))
        count = page.ask("document.querySelector('#%s output').textContent" % section)
        expect(count.startswith("%d of" % len(left)), count)
        page.ask("look.choose('%s', '%s', '')" % (section, field))

    check("cells", "level", "64", "Level", lambda text: text == "64")
    check("cells", "model", "LL", "Model", lambda text: "ll" in text)
    check("pairs", "model", "select", "First", lambda text: True)
    check("trials", "block", "2", "Block", lambda text: text == "2")


def another_quantity_fills_the_cells(page):
    before = page.ask("look.column('cells', 'Mean')")
    page.ask("look.choose('cells', 'metric', 'memory_kib')")
    expect(page.ask("document.querySelector('#cells caption').innerText") == "Memory", "caption")
    expect(page.ask("look.column('cells', 'Mean')") != before, "other figures")
    page.ask("look.choose('cells', 'metric', 'throughput_rps')")


def each_chart_keeps_its_names_to_itself(page):
    ids = page.ask("[...document.querySelectorAll('[id]')].map(e => e.id)")
    twice = sorted({name for name in ids if ids.count(name) > 1}) if len(set(ids)) < len(ids) else []
    expect(twice == [], "used twice: %s" % twice[:5])
    lost = page.ask("[...document.querySelectorAll('svg use')].map(u => u.getAttribute('href') || "
                    "u.getAttribute('xlink:href')).filter(h => !document.getElementById(h.slice(1))).length")
    expect(lost == 0, "%d references lead nowhere" % lost)
    charts = page.ask("document.querySelectorAll('figure svg[role=img][aria-label]').length")
    files = len(list((page.run / "charts").glob("*.svg")))
    expect(charts == files, "%d charts of %d files" % (charts, files))


def tabs_show_one_kind_of_chart_and_obey_arrow_keys(page):
    tabs = "document.querySelectorAll('[role=tab]')"
    expect(page.ask("look.shown('[role=tabpanel]')") == 1, "one panel at first")
    page.ask("%s[1].click()" % tabs)
    expect(page.ask("%s[1].getAttribute('aria-selected')" % tabs) == "true", "selected")
    expect(page.ask("look.shown('[role=tabpanel]')") == 1, "one panel after a click")
    page.ask("%s[1].dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowLeft'}))" % tabs)
    expect(page.ask("document.activeElement === %s[0]" % tabs), "the arrow key leads back")


def no_text_lies_on_another_nor_sticks_out(page):
    for width in (WIDE, 768, NARROW):
        for opened in ("false", "true"):
            page.chromium.resize(width)
            page.ask("document.getElementById('conditions').open = %s" % opened)
            result = page.ask("look.overlaps()")
            expect(result["looked"] > 100, "looked at %d texts" % result["looked"])
            expect(result["found"] == [], "at %d px: %s" % (width, result["found"]))
            wide = page.ask("look.tooWide()")
            expect(wide == [], "at %d px: %s" % (width, wide))
    page.ask("document.getElementById('conditions').open = false")
    page.chromium.resize(WIDE)


def texts_stand_out_from_their_ground_in_light_and_dark(page):
    for scheme in ("light", "dark"):
        page.chromium.appear(scheme=scheme)
        ground = page.ask("look.brightness(look.ground(document.body))")
        expect(ground < 0.05 if scheme == "dark" else ground > 0.8, "%s ground: %.2f" % (scheme, ground))
        faint = page.ask("look.faint()")
        expect(faint == [], "%s: %s" % (scheme, faint))
        dark = page.ask("[...document.querySelectorAll('.card')].filter(card => "
                        "look.brightness(look.ground(card)) < 0.8).length")
        expect(dark == 0, "charts are made for a light ground, %s: %d are not on one" % (scheme, dark))
    page.chromium.appear()


def paper_shows_everything_and_no_controls(page):
    page.chromium.appear(media="print", scheme="dark")
    expect(page.ask("look.shown('.filters, nav, [role=tablist]')") == 0, "no controls")
    panels = page.ask("document.querySelectorAll('[role=tabpanel]').length")
    expect(page.ask("look.shown('[role=tabpanel]')") == panels, "every chart")
    expect(page.ask("look.brightness(look.ground(document.body))") > 0.95, "white, in dark mode too")
    page.chromium.appear()
    paper = base64.b64decode(page.chromium.call("Page.printToPDF", printBackground=True)["data"])
    expect(paper.startswith(b"%PDF-") and len(paper) > 20000, "%d bytes" % len(paper))
    expect(page.ask("document.getElementById('conditions').open"), "printing opened the details")
    page.ask("document.getElementById('conditions').open = false")


def a_preview_says_so_and_ranks_nobody(page):
    expect("Preview, not ranked" in page.ask("document.getElementById('badges').innerText"), "badge")
    expect(page.ask("document.querySelectorAll('#answer .place b').length") == 0, "no letters")
    answer = page.text("answer")
    expect(">" in answer and "↑" in answer, "bounds where the generator was the limit")
    expect("○" in answer and "hollow" in answer, "hollow cells")


def a_ranking_shows_places_letters_and_ties(page):
    answer = page.text("answer")
    expect("Preview" not in page.ask("document.getElementById('badges').innerText"), "no preview")
    expect("Best under keep-alive" in answer, "who may be first")
    cpu = page.ask("[...document.querySelectorAll('#answer .matrix')].find(t => t.caption.innerText."
                   "startsWith('CPU')).innerText")
    expect("1–2 a" in cpu and "3 b" in cpu, "two tied, one behind: %s" % cpu)
    last = page.ask("[...document.querySelectorAll('#answer .matrix')].find(t => t.caption.innerText."
                    "startsWith('CPU')).tBodies[0].lastElementChild.firstElementChild.innerText")
    expect(last == "select", "the worst stands last: %s" % last)
    expect("epoll-lt.twin" not in answer, "a twin is no contestant")


def a_trial_that_was_measured_again_is_shown_and_does_not_count(page):
    page.ask("look.choose('trials', 'valid', '0')")
    expect("spoilt, measured again" in page.text("trials"), "the trial")
    page.ask("look.choose('trials', 'valid', '')")
    expect("No cell is hollow" in page.text("validity"), page.text("validity"))
    expect("spoilt 1 trial" in page.text("warnings"), page.text("warnings"))


def levels_have_the_names_and_units_of_their_workload(page):
    answer = page.text("answer")
    for words in ("fire-hose", "requests/s", "16Ki", "idle connections", "% of its peak", "120k"):
        expect(words in answer, "%s is not in the answer" % words)
    expect("mixed beside nobody, silent and fire-hose" in page.ask("document.getElementById('what').innerText"),
           page.ask("document.getElementById('what').innerText"))
    page.ask("look.choose('cells', 'workload', 'mixed')")
    expect(set(page.ask("look.column('cells', 'Level')")) == {"nobody", "silent", "fire-hose"}, "names in the table")
    page.ask("look.choose('cells', 'workload', '')")


def each_workload_is_asked_only_what_it_answers(page):
    def captions(workload):
        return page.ask("(() => { let at = [...document.querySelectorAll('#answer h3')].find(h => h.innerText === '%s');"
                        "const all = []; while ((at = at.nextElementSibling) && at.tagName !== 'H3')"
                        "all.push(...[...at.querySelectorAll('caption')].map(c => c.innerText.split(',')[0]));"
                        "return all; })()" % workload)
    for workload, asked in (("capacity", "Capacity"), ("memory", "Memory of the kernel"), ("latency-rate", "Latency")):
        expect(asked in captions(workload) and "Throughput" not in captions(workload), captions(workload))
    expect("Throughput" in captions("idle") and "Capacity" not in captions("idle"), captions("idle"))


def a_chart_that_is_a_workload_s_own_has_a_title_and_says_how_to_read_it(page):
    titles = page.ask("[...document.querySelectorAll('figure h4')].map(h => h.textContent)")
    for title in ("Response time by load", "Response time by share of the peak", "Capacity", "Idle connections", "Memory",
                  "Echo", "Pipelining", "One bad client"):
        expect(title in titles, "%s is not in %s" % (title, titles))
    silent = page.ask("[...document.querySelectorAll('figure')].filter(f => !f.querySelector('figcaption')).length")
    expect(silent == 0, "%d charts do not say how they are read" % silent)


def overload_is_told(page):
    expect("more was asked than answered" in page.text("warnings").lower(), page.text("warnings"))


def markup_in_the_record_stays_text(page):
    page.ask("document.getElementById('conditions').open = true")
    expect(records.HOSTILE in page.text("facts"), "the title as it is")
    expect(page.ask("document.title") != "broken", "no script ran")
    page.ask("document.getElementById('conditions').open = false")


def the_text_for_pasting_says_the_same(page):
    text = (page.run / "report.md").read_text()
    for heading in ("# " + page.run.name, "## Ranking", "## Hollow cells", "## Warnings"):
        expect(heading in text, heading)
    expect("{{" not in text, "places that were not filled")
    expect(page.text("command") in text, "the command")
    tables = [line for line in text.splitlines() if line.startswith("|")]
    expect(len(tables) > 5, "%d lines of tables" % len(tables))
    for before, after in zip(tables, tables[1:]):
        if before.count("|") == after.count("|") and not after.startswith("| model"):
            expect(len(before) == len(after), "not aligned: %s" % after)
    for warning in page.ask("[...document.querySelectorAll('.warnings strong')].map(e => e.innerText)"):
        expect(warning in text, "warning: %s" % warning)


LAYOUT = (opens_without_a_complaint_and_asks_for_nothing_else, every_section_says_something,
          is_small_enough_to_be_sent, another_quantity_fills_the_cells, no_text_lies_on_another_nor_sticks_out,
          texts_stand_out_from_their_ground_in_light_and_dark, the_text_for_pasting_says_the_same)
TABLES = (a_click_on_a_header_sorts, filters_leave_what_they_name)
OF_REFERENCE = (*TABLES, each_chart_keeps_its_names_to_itself, tabs_show_one_kind_of_chart_and_obey_arrow_keys,
                paper_shows_everything_and_no_controls, a_preview_says_so_and_ranks_nobody)
OF_RANKED = (*TABLES, a_ranking_shows_places_letters_and_ties, markup_in_the_record_stays_text,
             a_trial_that_was_measured_again_is_shown_and_does_not_count)

OF_EVERY_WORKLOAD = (levels_have_the_names_and_units_of_their_workload, each_workload_is_asked_only_what_it_answers,
                     each_chart_keeps_its_names_to_itself, overload_is_told,
                     a_chart_that_is_a_workload_s_own_has_a_title_and_says_how_to_read_it)


def check(page, tests):
    failed = 0
    for test in tests:
        name = "%s: %s" % (page.run.name, test.__name__.replace("_", " "))
        try:
            test(page)
            expect(page.chromium.complaints == [], page.chromium.complaints)
            print("ok", name, flush=True)
        except (AssertionError, RuntimeError) as error:
            failed += 1
            print("not ok %s\n  %s" % (name, error), flush=True)
            page = Page(page.chromium, page.run)
    return failed


def picture(page, path, width, scheme="light", media=""):
    page.chromium.resize(width)
    page.chromium.appear(media, scheme)
    shot = page.chromium.call("Page.captureScreenshot", captureBeyondViewport=True, format="png")
    path.write_bytes(base64.b64decode(shot["data"]))


def take_pictures(page, folder):
    folder.mkdir(parents=True, exist_ok=True)
    picture(page, folder / (page.run.name + "-wide.png"), WIDE)
    picture(page, folder / (page.run.name + "-dark.png"), WIDE, scheme="dark")
    picture(page, folder / (page.run.name + "-narrow.png"), NARROW)
    page.chromium.appear()
    paper = page.chromium.call("Page.printToPDF", printBackground=True)["data"]
    (folder / (page.run.name + ".pdf")).write_bytes(base64.b64decode(paper))


def make(c10kit, run):
    made = subprocess.run([c10kit, "report", run], capture_output=True, text=True, check=False)
    expect(made.returncode == 0, "c10kit report: %s" % made.stderr)
    return run


def main(c10kit, reference, pictures=None):
    program = browser.find()
    if not program:
        print("skipped: chromium is not installed (scripts/setup.sh test)")
        return 77
    folder = pathlib.Path(tempfile.mkdtemp(prefix="c10kit-page-"))
    chromium = None
    try:
        reference = pathlib.Path(reference)
        runs = (make(c10kit, records.preview(reference, folder / "reference")), OF_REFERENCE), \
               (make(c10kit, records.ranked(reference, folder / "ranked")), OF_RANKED), \
               (make(c10kit, records.every_workload(reference, folder / "workloads")), OF_EVERY_WORKLOAD)
        chromium = browser.Browser(program)
        failed = 0
        for run, own in runs:
            page = Page(chromium, run)
            failed += check(page, (*LAYOUT, *own))
            if pictures:
                take_pictures(Page(chromium, run), pathlib.Path(pictures))
        return min(failed, 1)
    finally:
        if chromium:
            chromium.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
