"""What the flags of an ablation may say."""

import pytest

from pipelines.ablate import requested
from pipelines.errors import SettingsError


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"modes": "alone,single"}, "--mode: unknown 'single'; known: leave-one-out, alone, greedy, features"),
        ({"budgets": "free"}, "--budget: unknown 'free'; known: fixed, union"),
        ({"weeks": 0}, "--weeks 0: expected 1 or more"),
        ({"orders": 1}, "--orders 1: expected 2 or more"),
    ],
)
def test_a_wrong_request_is_refused_with_what_is_allowed(changed: dict[str, object], message: str) -> None:
    usual = {"modes": "alone", "budgets": "fixed", "features": False, "weeks": 1, "shapley": False, "orders": 2}
    with pytest.raises(SettingsError, match=message):
        requested(**{**usual, **changed})  # type: ignore[arg-type]


def test_features_may_be_asked_for_by_flag_or_by_mode() -> None:
    flag, mode = (
        requested(modes=modes, budgets="union", features=features, weeks=1, shapley=False, orders=2)
        for modes, features in (("greedy", True), ("features,greedy", False))
    )
    assert flag == mode
    assert flag.modes == ("greedy", "features")
