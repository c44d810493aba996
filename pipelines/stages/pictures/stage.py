"""What articles look like, once for each data set: every picture is looked at once, then the vectors are made short.

Input: Settings, the pictures that the data set names. Output: Pictures; the stages data/weights and data/pictures.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from lookbook.data.pictures import Pictures
from lookbook.data.registry import picture_files
from lookbook.data.schema import ARTICLE_PICTURES, conform
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.stages.artifacts import Artifacts, Build, Stage
from lookbook.pipelines.stages.data import dataset_stage
from lookbook.pipelines.stages.digest import code_digest, digest
from lookbook.pipelines.stages.pictures.store import VectorStore, digests, seen_digests
from lookbook.retrieval.pictures.components import principal_components
from lookbook.retrieval.pictures.vectors import picture_vectors
from lookbook.retrieval.pictures.weights import SHA256, convert, installed
from lookbook.retrieval.source import Device

PICTURE_STAGES = 2
DIM = 64
"""Numbers of the vector of an article's picture."""
PART = 1_024
"""Pictures that are looked at before their vectors are written."""
TABLE = "pictures"


def article_pictures(settings: Settings, artifacts: Artifacts, device: Device) -> Pictures:
    """The vectors of all articles with a picture. Pictures that were never looked at are now.

    Raises:
        DataError: the data set has no pictures, or what reads them is not installed.
    """
    checkpoint, files = installed(), picture_files(settings.data)
    weights = _weights(artifacts, checkpoint)
    shas = digests(files, _seen(artifacts))
    store = _store(artifacts, device)
    done = set() if artifacts.fresh else store.known()
    missing = {sha: files[name] for name, sha in shas.items() if sha not in done}
    parts = -(-len(missing) // PART)
    artifacts.reporter.plan({"data": parts})
    vectors = picture_vectors(missing, weights.folder / "weights.safetensors", part=PART, device=device) if missing else iter(())
    for part in range(1, parts + 1):
        with artifacts.reporter.step("data/pictures", f"{min(part * PART, len(missing)):,} of {len(missing):,}"):
            store.add(next(vectors))

    def build(folder: Path) -> None:
        ids = pl.read_parquet(dataset_stage(settings, artifacts).folder / "tables" / "article_ids.parquet", glob=False)
        table, unreadable = _of_articles(shas, ids, store.vectors(set(shas.values())))
        table.write_parquet(folder / f"{TABLE}.parquet")
        (folder / "unreadable.json").write_text(json.dumps(unreadable, indent=1) + "\n")

    stage = _stage(settings, artifacts, device, shas, build)
    if bad := json.loads((stage.folder / "unreadable.json").read_text()):
        artifacts.reporter.warn(f"{len(bad):,} pictures cannot be read, such as {files[bad[0]]}: they count as missing")
    vectors_of = conform(stage.table(TABLE), ARTICLE_PICTURES, TABLE, extra=True)
    return Pictures(stage.key, vectors_of)


def planned_pictures(settings: Settings, artifacts: Artifacts, device: Device) -> Pictures:
    """A stand-in with the digest that `article_pictures` would give if no picture changed since it was last asked; nothing is done.

    Raises:
        DataError: as there.
    """
    checkpoint, files = installed(), picture_files(settings.data)
    _weights(artifacts, checkpoint)
    seen = seen_digests(files, _seen(artifacts))
    shas = {name: seen.get(name, "not seen yet") for name in files}
    stage = _stage(settings, artifacts, device, shas, lambda _: None)
    return Pictures(stage.key, pl.LazyFrame(schema={**ARTICLE_PICTURES, "vector": pl.Array(pl.Float32, DIM)}))


def _weights(artifacts: Artifacts, checkpoint: Path) -> Stage:
    """The weights of the network, converted."""
    key = {"sha256": SHA256, "code": code_digest("lookbook.retrieval.pictures.weights")}
    return artifacts.stage(
        "data/weights", "EfficientNet-Lite0", key=key, build=lambda folder: convert(checkpoint, folder / "weights.safetensors")
    )


def _stage(settings: Settings, artifacts: Artifacts, device: Device, shas: Mapping[str, str], build: Build) -> Stage:
    key = {
        "pictures": digest(shas),
        "articles of": dataset_stage(settings, artifacts).key,
        "network": _network(device),
        "code": code_digest("lookbook.retrieval.pictures.components", __name__),
        "dim": DIM,
    }
    return artifacts.stage("data/pictures", settings.data.dataset, key=key, build=build)


def _of_articles(shas: Mapping[str, str], ids: pl.DataFrame, vectors: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """ARTICLE_PICTURES of the articles in `ids` (article_id, article), and the raw ids of those whose picture cannot be read."""
    named = pl.DataFrame({"article_id": list(shas), "sha256": list(shas.values())}, schema_overrides={"article_id": pl.String})
    found = ids.join(named, on="article_id").join(vectors, on="sha256").sort("article")
    unreadable = found.filter(pl.col("vector").is_null())["article_id"].to_list()
    seen = found.drop_nulls("vector")
    short = principal_components(seen["vector"].to_numpy(), DIM)
    table = pl.DataFrame({"article": seen["article"], "vector": short}).filter(pl.Series(short.any(axis=1), dtype=pl.Boolean))
    return table.select(pl.col("article").cast(pl.UInt32), "vector"), unreadable


def _network(device: Device) -> str:
    """Names what decides a vector beside its picture."""
    return digest({"weights": SHA256, "code": code_digest("lookbook.retrieval.pictures.vectors"), "device": device})


def _seen(artifacts: Artifacts) -> Path:
    return artifacts.root / "pictures" / "seen.parquet"


def _store(artifacts: Artifacts, device: Device) -> VectorStore:
    return VectorStore(artifacts.root / "pictures" / _network(device))
