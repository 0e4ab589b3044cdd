"""What `mkdocs build` needs besides the pages in docs/: hooks named in mkdocs.yml.

The reference of scenario files is made from their schema, that of commands from their help, so that
neither can say what is not so.
"""

from __future__ import annotations

import html
import json
import re
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pydantic import BaseModel, PlainSerializer
from typer.main import get_command

import sim
from experiments import questions
from experiments.command.application import application
from experiments.questions.settings import scenario_file_schema
from experiments.scenario_files.requirement import MEASURES
from experiments.scenario_files.study_table import StudyTable

Schema = Mapping[str, Any]

ROOT = Path(__file__).parents[1]
FEW = 8
"""So many names stand in a table as they are; more are folded away."""
UNITS = {"s": "duration", "B": "size", "bit/s": "bit rate", "/s": "rate"}
"""What a text with that unit is called."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made of the project itself."""
    made = {"scenario-reference.md": scenario_reference(), "commands.md": command_reference()}
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links to files of the project that are no part of the site be their names."""
    here = (ROOT / "docs" / page.file.src_uri).parent

    def plain(link: re.Match[str]) -> str:
        text, target = link.groups()
        file = (here / target.partition("#")[0]).resolve()
        if re.match(r"[a-z]+:|#", target) or file.is_relative_to(ROOT / "docs"):
            return link.group()
        return f"{text} (`{file.relative_to(ROOT)}`)"

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", plain, markdown)


def command_reference() -> str:
    """Return a page with the help of every command."""
    command = get_command(application)
    lines = ["# Commands", "", "What `tlscape COMMAND --help` says, an example with each.", ""]
    names = [one.name or one.callback.__name__ for one in application.registered_commands]  # type: ignore[union-attr]
    for name in names:
        shown = CliRunner().invoke(
            command,
            [name, "--help"],
            prog_name="tlscape",
            terminal_width=96,
            catch_exceptions=False,
        )
        lines += [f"## tlscape {name}", "", "```text", shown.output.rstrip(), "```", ""]
    return "\n".join(lines)


def scenario_reference() -> str:
    """Return a page with every table and key of a scenario file."""
    schema = scenario_file_schema()
    definitions = schema["$defs"]
    models = dict(_models(sim.Scenario)) | dict(_models(StudyTable))
    lines = [
        "# Scenario files",
        "",
        "Every key of a scenario file, as `tlscape schema` has it in JSON. A duration is written",
        'with its unit (`"5 min"`, `"100 ms"`), and so are a size (`"3.7 kB"`, `"8 GiB"`), a bit',
        'rate (`"10 Mbit/s"`) and a rate (`"30 /s"`). A key without a default must be given.',
        "",
        "## The file itself",
        "",
        *_table(schema, sim.Scenario),
        "## study",
        "",
        _prose(schema["properties"]["study"].get("description", "")),
        "",
        *_table(schema["properties"]["study"], StudyTable),
        *_questions(),
        *_metrics(),
    ]
    for name in sorted(definitions, key=str.casefold):
        if "properties" not in definitions[name]:
            continue
        lines += [f"## {name}", "", _prose(definitions[name].get("description", "")), ""]
        lines += _table(definitions[name], models.get(name))
    return "\n".join(lines)


def _questions() -> Iterator[str]:
    yield from ("## Questions", "", "| question | asks |", "|---|---|")
    for name in questions.NAMES:
        yield f"| `{name}` | {questions.find(name).asks} |"
    yield ""


def _metrics() -> Iterator[str]:
    yield from (
        "## Metrics of objectives",
        "",
        "Of what every connection or visit has, an objective names a `mean`, a `median` or a",
        "percentile, such as `p99.9`; the others are one number.",
        "",
        "| metric | of | with | its limit is |",
        "|---|---|---|---|",
    )
    for words, measure in MEASURES.items():
        what = "mean or percentile" if measure.has_distribution else "–"
        yield f"| `{words}` | {measure.subject.value} | {what} | {measure.unit.value} |"
    yield ""


def _table(schema: Schema, model: type[BaseModel] | None) -> Iterator[str]:
    properties = schema.get("properties", {})
    if not properties:
        yield from ("No keys.", "")
        return
    yield from ("| key | value | default | what |", "|---|---|---|---|")
    required = set(schema.get("required", ()))
    for key, described in properties.items():
        unit = _unit(model, key)
        default = "" if key in required else _default(described.get("default"), unit)
        yield (
            f"| `{key}` | {_type(described, unit)} | {default} "
            f"| {_prose(described.get('description', ''))} |"
        )
    yield ""


def _default(value: Any, unit: str | None) -> str:
    if value is None:
        return "none"
    if value in ({}, [], ()):
        return "empty"
    if unit is not None and isinstance(value, int | float):
        return f'`"{value:.12g} {unit}"`'
    written = json.dumps(value, ensure_ascii=False)
    if len(written) > 60:
        return f"<details><summary>several</summary>{_escaped(written)}</details>"
    return f"`{written}`".replace("|", "\\|")


def _type(schema: Schema, unit: str | None) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return _names(schema["enum"])
    for union in ("anyOf", "oneOf"):
        if union in schema:
            each = [_type(one, unit) for one in schema[union] if one.get("type") != "null"]
            return " or ".join(dict.fromkeys(each))
    kind = schema.get("type")
    if kind == "array":
        if "prefixItems" in schema:
            return "[" + ", ".join(_type(one, unit) for one in schema["prefixItems"]) + "]"
        return f"list of {_type(schema.get('items', {}), unit)}"
    if kind == "object" or "properties" in schema:
        inner = schema.get("additionalProperties")
        return f"table of {_type(inner, unit)}" if isinstance(inner, dict) and inner else "table"
    if kind in ("integer", "number"):
        return _number(schema, "whole number" if kind == "integer" else "number")
    if kind == "string":
        if unit in UNITS and "pattern" not in schema:
            return UNITS[unit]
        return {"date-time": "date and time"}.get(schema.get("format", ""), _text(schema))
    return {"boolean": "`true` or `false`"}.get(str(kind), "anything")


def _text(schema: Schema) -> str:
    described = schema.get("description", "")
    return _escaped(described) if "pattern" in schema and described else "text"


def _number(schema: Schema, kind: str) -> str:
    least, most, above, below = (
        schema.get(name) for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    )
    limits = [
        f"{words} {limit:,}"
        for words, limit in (("from", least), ("above", above), ("to", most), ("below", below))
        if limit is not None
    ]
    return " ".join([kind, *limits])


def _names(names: list[Any]) -> str:
    written = [f"`{json.dumps(name, ensure_ascii=False)}`" for name in names]
    if len(names) <= FEW:
        return ", ".join(written)
    inner = ", ".join(f"<code>{_escaped(str(name))}</code>" for name in names)
    return f"<details><summary>one of {len(names)} names</summary>{inner}</details>"


def _prose(text: str) -> str:
    """Text of a docstring as a cell of a table, or a paragraph, has it."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(
        part.replace("|", "\\|") if part.startswith("`") else _escaped(part) for part in parts
    )


def _escaped(text: str) -> str:
    text = html.escape(text, quote=False).replace("|", "&#124;")
    return re.sub(r"([\[\]*_\\])", r"\\\1", text)


def _unit(model: type[BaseModel] | None, key: str) -> str | None:
    """The unit that a key's value is written with, as its type says; `None` for others."""
    if model is None:
        return None
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            return _unit_within([*field.metadata, field.annotation])
    return None


def _unit_within(parts: Any) -> str | None:
    for part in parts:
        if isinstance(part, PlainSerializer):
            try:
                written = str(part.func(1))  # type: ignore[call-arg]
            except (AttributeError, TypeError):
                continue
            found = re.fullmatch(r"1(?:\.0)? (\S+)", written)
            if found is not None:
                return found[1]
        inner = [*typing.get_args(part), *getattr(part, "__metadata__", ())]
        unit = _unit_within([one for one in inner if not _is_model(one)])
        if unit is not None:
            return unit
    return None


def _is_model(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


def _models(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield a model and those within its fields, by name."""
    seen: set[type[BaseModel]] = set()

    def within(part: Any) -> Iterator[tuple[str, type[BaseModel]]]:
        if _is_model(part) and part not in seen:
            seen.add(part)
            yield part.__name__, part
            for field in part.model_fields.values():
                yield from within(field.annotation)
        for inner in typing.get_args(part):
            yield from within(inner)

    yield from within(model)
