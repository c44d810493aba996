"""The feature groups, in the order in which they are computed: later groups may read the features of earlier ones.

Input: the schema of CUSTOMERS, the kinds of a plan. Output: the groups of a data set with these, and their documentation.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from lookbook.features.article import ARTICLE
from lookbook.features.customer import CUSTOMER, CUSTOMER_ATTRIBUTES, attributes
from lookbook.features.embedding import EMBEDDING
from lookbook.features.feature import FeatureGroup
from lookbook.features.match import MATCH
from lookbook.features.plan import PLAN, plan
from lookbook.features.renewal import PRODUCT_RENEWAL, RENEWAL
from lookbook.features.source import pair_feature_docs
from lookbook.features.transaction import PAIR_LEVELS, PAIR_PURCHASES, PAIR_TIMING

GROUPS: tuple[FeatureGroup, ...] = (
    CUSTOMER,
    ARTICLE,
    PAIR_PURCHASES,
    *PAIR_LEVELS,
    PAIR_TIMING,
    RENEWAL,
    PRODUCT_RENEWAL,
    MATCH,
    EMBEDDING,
)
"""Groups that every data set has. EMBEDDING needs learned vectors: see `features.feature.available`."""

SOURCE = "source"
"""The group of the columns that retrieval leaves in PAIRS."""
GROUP_NAMES = (SOURCE, *(group.name for group in GROUPS), PLAN, CUSTOMER_ATTRIBUTES)
"""What features.leave_out may name."""


def groups(customer_columns: Iterable[str], plan_kinds: Sequence[str] | None = None) -> tuple[FeatureGroup, ...]:
    """GROUPS; after them those of what is planned ahead, if there is a plan; and of the customer attributes that this data set adds
    to the declared ones, if any. plan_kinds: the names of its kinds, null = no plan is used.

    Raises:
        ValueError: an attribute would take the name of another feature.
    """
    planned = () if plan_kinds is None else (plan(plan_kinds),)
    extra = attributes(customer_columns)
    chosen = (*GROUPS, *planned, *((extra,) if extra.features else ()))
    names = Counter(feature.name for group in chosen for feature in group.features)
    taken = [name for name, count in names.items() if count > 1]
    if taken:
        raise ValueError(f"customer attributes {taken} have the names of other features; rename these columns of customers")
    return chosen


def feature_docs(chosen: Sequence[FeatureGroup], pair_columns: Iterable[str]) -> Mapping[str, str]:
    """Documentation of every column the ranker sees, by name: those of PAIRS, then those of `chosen`, in column order."""
    declared = {feature.name: feature.doc for group in chosen for feature in group.features}
    return {**pair_feature_docs(pair_columns), **declared}


def group_of_feature(chosen: Sequence[FeatureGroup], features: Iterable[str]) -> Mapping[str, str]:
    """The group of each of `features`, in their order: SOURCE for those that `chosen` does not declare, the columns of PAIRS."""
    declared = {feature.name: group.name for group in chosen for feature in group.features}
    return {name: declared.get(name, SOURCE) for name in features}
