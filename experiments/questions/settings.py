"""What the question of a study lets its `[study]` table set, checked as the rest of a file is."""

from __future__ import annotations

import copy
from typing import Any

from pydantic import ValidationError

from experiments import questions
from experiments.failures import ScenarioError
from experiments.scenario_files import schema
from experiments.scenario_files.complaints import complaint
from experiments.scenario_files.scenario_file import ScenarioFile
from experiments.scenario_files.study_table import StudyTable
from experiments.scenario_files.suggestions import did_you_mean


def check_question(file: ScenarioFile) -> None:
    """Check that there is the question of a file's study, and that it has what is set for it.

    Raises:
        ScenarioError: there is no such question or setting, or a setting has a wrong value.
    """
    name, written = file.study.question, dict(file.study.model_extra or {})
    if name not in questions.NAMES:
        place = file.source.place(("study", "question"))
        remedy = did_you_mean(name, questions.NAMES, what="questions")
        raise ScenarioError(f'{place}: there is no question "{name}"; {remedy}')
    settings = questions.find(name).settings
    for key in written:
        if key not in settings.model_fields:
            place = file.source.place(("study", key))
            raise ScenarioError(f'{place}: unknown key "{key}"; {_remedy(key, name)}')
    try:
        settings.model_validate(written)
    except ValidationError as error:
        content = {**file.description, "study": written}
        raise complaint(error, file.source, content, below=("study",)) from None


def scenario_file_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of scenario files, each question's settings included.

    Which settings a question has is not part of the schema: `tlscape check` knows.
    """
    whole = copy.deepcopy(schema.scenario_file_schema())
    study = whole["properties"]["study"]
    study["additionalProperties"] = False
    study["properties"]["question"] = {
        **study["properties"]["question"],
        "enum": list(questions.NAMES),
    }
    for name in questions.NAMES:
        own = questions.find(name).settings.model_json_schema()
        study["properties"].update(own.get("properties", {}))
        whole["$defs"].update(own.get("$defs", {}))
    return whole


def _remedy(key: str, question: str) -> str:
    having = [name for name in questions.NAMES if key in questions.find(name).settings.model_fields]
    if having:
        names = ", ".join(f'"{name}"' for name in having)
        return f'the question "{question}" has none such, but {names}; remove it'
    known = [*StudyTable.model_fields, *questions.find(question).settings.model_fields]
    return did_you_mean(key, known, what="keys here")
