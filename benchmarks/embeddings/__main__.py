"""Training the embeddings: row-sparse Adagrad against the optimizers that Keras has, in speed and in recall.

`python -m benchmarks.embeddings TABLES`, where TABLES is a converted data set (artifacts/cache/data/*/tables after a run). Speed:
training examples per processor second of a step and of making its batch, for tables of growing size. Recall: of held-out
purchases, after the same epochs by row-sparse Adagrad and by those of Keras. Output: lines on stdout, and JSON.
"""

import json
import resource
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from cyclopts import App, Parameter

from benchmarks.machine import machine
from lookbook.data.dataset import Dataset
from lookbook.data.windows import last_window
from lookbook.pipelines.settings.config import load_settings
from lookbook.retrieval.sources.matrix_factorization import MatrixFactorization
from lookbook.retrieval.vectors.batches import Examples, Purchases, Vectors
from lookbook.retrieval.vectors.recall import Hits, judge
from lookbook.retrieval.vectors.tensorflow_runtime import start_tensorflow

if TYPE_CHECKING:
    from benchmarks.embeddings.peers import Peer

EVERYTHING = 65_535  # days
RESAMPLES = 1000

app = App(name="python -m benchmarks.embeddings", help=__doc__, help_format="plaintext")


@dataclass(frozen=True)
class Speed:
    """customers, articles: rows of the tables. examples: trained on while measured, after a first stack."""

    peer: str
    customers: int
    articles: int
    examples: int
    cpu_s: float

    @property
    def per_cpu_s(self) -> float:
        return self.examples / self.cpu_s


@dataclass(frozen=True)
class Difference:
    """Recall of row-sparse Adagrad and of another optimizer; their difference with a 95 % bootstrap interval over customers."""

    peer: str
    k: int
    customers: int
    pairs: int
    row_sparse: float
    other: float
    difference: float
    low: float
    high: float


@app.default
def embeddings(
    tables: Annotated[Path, Parameter(help="Folder of a converted data set.")],
    *,
    rows: Annotated[tuple[int, ...], Parameter(help="Customers in the tables.", consume_multiple=True)] = (
        10_000,
        137_000,
        1_370_000,
    ),
    seconds: Annotated[float, Parameter(help="Processor seconds of each measurement, about.")] = 10,
    epochs: Annotated[int, Parameter(help="Passes before recall is compared; 0 = no comparison.")] = 2,
    recall_rows: Annotated[int, Parameter(help="Customers that recall is compared with.")] = 20_000,
    config: Annotated[Path | None, Parameter(help="TOML file with settings.")] = None,
    out: Annotated[Path, Parameter(help="File for the figures.")] = Path("artifacts/bench-embeddings.json"),
) -> None:
    """Measure, print, write JSON."""
    source = next(source for source in load_settings(config).sources() if isinstance(source, MatrixFactorization))
    start_tensorflow()
    from benchmarks.embeddings.peers import PEERS

    dataset = Dataset.open(tables)
    history = dataset.before(last_window(dataset.last_day).as_of)
    everything = Purchases.of(history.transactions, EVERYTHING)
    print(f"{'customers':>10} {'articles':>9}  {'optimizer':<30} {'examples per CPU s':>18}", flush=True)
    speeds = [measure(peer, first_customers(everything, size), source, seconds=seconds) for size in rows for peer in PEERS]
    recent = first_customers(Purchases.of(history.transactions, source.history_days), recall_rows)
    others = [peer for peer in PEERS[1:] if "Adagrad" in peer.name]
    differences = compare(PEERS[0], others, recent, source, epochs=epochs) if epochs else []
    report = {
        "machine": machine(),
        "settings": asdict(source),
        "speed": [{**asdict(speed), "per_cpu_s": speed.per_cpu_s} for speed in speeds],
        "recall": [asdict(line) for line in differences],
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n")


def first_customers(purchases: Purchases, size: int) -> Purchases:
    """The purchases of the first `size` customers; all articles stay."""
    few = purchases.where(purchases.customer < size)
    return replace(few, customer_ids=purchases.customer_ids[:size])


def measure(peer: "Peer", purchases: Purchases, source: MatrixFactorization, *, seconds: float) -> Speed:
    """Steps until `seconds` are used; the first stack, when TensorFlow compiles, does not count."""
    examples = Examples.of(purchases, half_life_days=source.half_life_days, popularity_power=source.popularity_power)
    steps = peer.steps(peer.model(*start(purchases, examples, source), l2=source.l2, dtype="float32"), source)
    rng = np.random.default_rng(0)
    epochs = (examples.batches(source.batch_size, source.negatives, rng=rng, stack=peer.stack) for _ in count())
    stacks = chain.from_iterable(epochs)
    steps(next(stacks))
    begin, trained = cpu_seconds(), 0
    while cpu_seconds() - begin < seconds:
        stack = next(stacks)
        steps(stack)
        trained += stack.customer.size
    speed = Speed(peer.name, len(purchases.customer_ids), len(purchases.article_ids), trained, cpu_seconds() - begin)
    print(f"{speed.customers:10,} {speed.articles:9,}  {speed.peer:<30} {speed.per_cpu_s:18,.0f}", flush=True)
    return speed


def compare(
    ours: "Peer", others: Sequence["Peer"], purchases: Purchases, source: MatrixFactorization, *, epochs: int
) -> list[Difference]:
    """All trained on all but the newest days, from the same start on the same batches; recall of the newest days."""
    newest = purchases.days_ago <= source.valid_days
    known, held_out = purchases.where(~newest), purchases.where(newest)
    ks = source.valid_k, source.k

    def hits(peer: "Peer") -> list[Hits]:
        trained = train(peer, known, source, epochs=epochs)
        return [judge(trained, held_out, known, k=k, device="cpu") for k in ks]

    own = hits(ours)
    return [difference(peer.name, *both) for peer in others for both in zip(ks, own, hits(peer), strict=True)]


def train(peer: "Peer", purchases: Purchases, source: MatrixFactorization, *, epochs: int) -> tuple[Vectors, Vectors]:
    examples = Examples.of(purchases, half_life_days=source.half_life_days, popularity_power=source.popularity_power)
    customers, articles = start(purchases, examples, source)
    model = peer.model(customers, articles, l2=source.l2, dtype="float32")
    steps, rng = peer.steps(model, source), np.random.default_rng(0)
    for _ in range(epochs):
        for stack in examples.batches(source.batch_size, source.negatives, rng=rng, stack=peer.stack):
            steps(stack)
    trained = replace(articles, vectors=model.article_vectors.numpy(), bias=model.article_bias.numpy())
    return replace(customers, vectors=model.customer_vectors.numpy()), trained


def start(purchases: Purchases, examples: Examples, source: MatrixFactorization) -> tuple[Vectors, Vectors]:
    zeros = np.zeros(len(purchases.customer_ids), np.float32)
    return (
        Vectors.start(purchases.customer_ids, source.dim, bias=zeros, stream=(0, 0), earlier=None),
        Vectors.start(purchases.article_ids, source.dim, bias=examples.popularity, stream=(0, 1), earlier=None),
    )


def difference(peer: str, k: int, ours: Hits, others: Hits) -> Difference:
    """Both judge the same pairs; customers are drawn with replacement."""
    customer = np.unique(ours.customer, return_inverse=True)[1]
    pairs = np.bincount(customer)
    gains = np.bincount(customer, weights=ours.hit.astype(np.float64) - others.hit)
    rng = np.random.default_rng(0)
    drawn = (rng.integers(len(pairs), size=len(pairs)) for _ in range(RESAMPLES))
    low, high = np.quantile([gains[some].sum() / pairs[some].sum() for some in drawn], (0.025, 0.975))
    recalls = ours.recall(), others.recall()
    print(f"recall@{k}: row-sparse {recalls[0]:.4f}, {peer} {recalls[1]:.4f}, difference [{low:+.4f}, {high:+.4f}]", flush=True)
    return Difference(peer, k, len(pairs), len(ours.hit), *recalls, recalls[0] - recalls[1], float(low), float(high))


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    app()
