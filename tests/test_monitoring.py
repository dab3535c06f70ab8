"""What watches the tracker from outside: alert rules and board name what `/metrics` has, and each rule is tried."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from tests.makers import Clock, server_state_on
from tests.test_house import PROJECT
from tests.tools import program
from tracker import storage
from tracker.health.conditions import Severity
from tracker.messages.conditions import CURES
from tracker.server import metrics
from tracker.server.routes import Request as HttpRequest
from tracker.server.routes import ServerState, answer
from tracker.storage.database import transaction

MONITORING = PROJECT / ".deploy" / "monitoring"
RULES, RULES_TRIED, BOARD = (MONITORING / name for name in ("alerts.yaml", "alerts_test.yaml", "board.json"))
NAME = re.compile(r"\b(?:tracker|process)_[a-z_]+\b")
NAME_WITH_LABELS = re.compile(r"\b((?:tracker|process)_[a-z_]+)\{([^}]*)\}")
OF_SCRAPE = {"job", "instance"}


@pytest.fixture
def promtool() -> str:
    """Prometheus' own tool. `.ci/run` installs it; elsewhere these tests are skipped without it."""
    return program("promtool")


def run(*command: str, given: str = "", folder: Path = MONITORING) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True, timeout=60, check=False)


def expressions_of_rules() -> dict[str, str]:
    """The expression of each alert. Their file is plain enough to be read by lines."""
    found: dict[str, str] = {}
    for rule in RULES.read_text("utf-8").split("- alert: ")[1:]:
        expression = re.search(r"expr: (.*)", rule)
        assert expression, rule
        found[rule.partition("\n")[0]] = expression[1]
    return found


def expressions_of_board() -> list[str]:
    board = json.loads(BOARD.read_text("utf-8"))
    return [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]


@pytest.fixture
def state(engine: Engine) -> ServerState:
    """A tracker that has counted something of everything, and whose loop stands."""
    made = server_state_on(engine, Clock(), loop_age=9_999.0)
    with transaction(engine) as tx:
        usage = storage.rates.lock_usage(tx, "light")
        storage.rates.save_usage(tx, usage)
    made.note_webhook("noted")
    made.counters.answers.labels("200").inc()
    made.counters.fetch_seconds.observe(1)
    return made


def shown_by(state: ServerState) -> str:
    reply = answer(state, HttpRequest("GET", "/metrics", {}))
    assert (reply.status, reply.content_type) == (200, metrics.CONTENT_TYPE)
    return reply.body.decode()


def labels_of(text: str) -> dict[str, set[str]]:
    """The labels of each figure, by the name under which a rule may ask for it."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_the_figures_are_as_prometheus_wants_them(state: ServerState, promtool: str) -> None:
    done = run(promtool, "check", "metrics", given=shown_by(state))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("asked", ["rules", "board"])
def test_every_figure_that_is_asked_for_is_there_with_its_labels(state: ServerState, asked: str) -> None:
    expressions = list(expressions_of_rules().values()) if asked == "rules" else expressions_of_board()
    there = labels_of(shown_by(state))
    assert len(expressions) > 10
    names = {
        name for expression in expressions for name in NAME.findall(re.sub(r"\{[^}]*\}|by \([^)]*\)", "", expression))
    }
    assert names - there.keys() == set()
    assert names
    wanted = {
        (name, label)
        for expression in expressions
        for name, labels in NAME_WITH_LABELS.findall(expression)
        for label in re.findall(r"(\w+) *(?:=|!=|=~|!~)", labels)
    }
    assert {(name, label) for name, label in wanted if label not in there[name] | OF_SCRAPE} == set()


@pytest.mark.slow
def test_the_rules_can_be_read_and_do_what_is_written_beside_them(promtool: str) -> None:
    for command in (("check", "rules", RULES.name), ("test", "rules", RULES_TRIED.name)):
        done = run(promtool, *command)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("instead", ["vector(1)", "vector(1) > 1"], ids=["always fires", "never fires"])
def test_a_rule_that_always_or_never_fires_would_be_found(promtool: str, tmp_path: Path, instead: str) -> None:
    rules = re.sub(r"expr: .*", f"expr: {instead}", RULES.read_text("utf-8"))
    (tmp_path / RULES.name).write_text(rules)
    shutil.copy(RULES_TRIED, tmp_path)
    done = run(promtool, "test", "rules", RULES_TRIED.name, folder=tmp_path)
    assert done.returncode == 1
    assert [alert for alert in expressions_of_rules() if f'alertname=\\"{alert}\\"' not in done.stderr] == []


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.slow
def test_each_condition_of_health_is_an_alert(promtool: str, tmp_path: Path, severity: Severity) -> None:
    shutil.copy(RULES, tmp_path)
    tests: list[dict[str, Any]] = []
    for code in CURES:
        series = f'tracker_condition{{instance="one:8787", code="{code}", severity="{severity}"}}'
        expression = 'count(ALERTS{alertstate="firing", alertname!="AttendanceTrackerNotScraped"})'
        told = {"expr": expression, "eval_time": "15m", "exp_samples": [{"labels": "{}", "value": 1}]}
        tests.append(
            {
                "name": code,
                "interval": "1m",
                "input_series": [{"series": series, "values": "1x20"}],
                "promql_expr_test": [told],
            }
        )
    tried = {"rule_files": [RULES.name], "evaluation_interval": "15s", "tests": tests}
    (tmp_path / "conditions.yaml").write_text(json.dumps(tried))  # JSON is YAML
    done = run(promtool, "test", "rules", "conditions.yaml", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(tests) > 20


def test_the_board_shows_how_much_room_is_left_on_each_disk() -> None:
    (expression,) = (one for one in expressions_of_board() if "disk" in one)
    assert expression == "tracker_disk_free_bytes"


def test_the_board_can_be_imported() -> None:
    board = json.loads(BOARD.read_text("utf-8"))
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len(panels)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
    assert {panel["datasource"]["uid"] for panel in panels if panel["type"] != "row"} == {"${source}"}
    assert [one["name"] for one in board["templating"]["list"]] == ["source"]
