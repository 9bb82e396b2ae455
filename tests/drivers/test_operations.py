"""What people hand to operations in confidence is not repeated in errors, whatever the driver."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import SecretStr, ValidationError

from drivers.settings import Strict
from tests.fakes.process import ROOT

SECRET = "kept-between-us"


def _confidential() -> Iterator[type[Strict]]:
    """Yield the arguments of every built-in driver's operations that have a secret among them."""
    for path in sorted((ROOT / "drivers").rglob("*.py")):
        if "SecretStr" not in path.read_text():
            continue
        module = importlib.import_module(_name(path))
        for one in vars(module).values():
            if isinstance(one, type) and issubclass(one, Strict) and _secrets(one):
                yield one


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _secrets(model: type[Strict]) -> list[str]:
    return [
        name
        for name, field in model.model_fields.items()
        if SecretStr in {field.annotation, *get_args(field.annotation)}
    ]


@pytest.mark.parametrize("model", list(_confidential()), ids=lambda one: str(one.__name__))
@pytest.mark.parametrize("wrap", [lambda s: [s], lambda s: {s: 1}, lambda s: {"x": s}, lambda s: s])
def test_a_secret_is_not_repeated_in_an_error(model: type[Strict], wrap: Any) -> None:
    given = {name: wrap(SECRET) for name in _secrets(model)}
    with pytest.raises(ValidationError) as told:
        model.model_validate(given | {"no such thing": SECRET})
    assert SECRET not in str(told.value)
    assert SECRET not in repr(told.value)


def test_there_are_such_operations() -> None:
    names = {model.__name__ for model in _confidential()}
    assert names >= {"Commission", "PermitJoin", "PermitWithCode", "Wifi"}
