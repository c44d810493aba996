"""All candidate sources, by name."""

from typing import Final

from lookbook.retrieval.source import CandidateSource
from lookbook.retrieval.sources.co_purchase import CoPurchase
from lookbook.retrieval.sources.content import Content
from lookbook.retrieval.sources.favourite_category import FavouriteCategory
from lookbook.retrieval.sources.matrix_factorization import MatrixFactorization
from lookbook.retrieval.sources.popularity import Popularity
from lookbook.retrieval.sources.repurchase import Repurchase
from lookbook.retrieval.sources.same_product import SameProduct

SOURCES: Final[dict[str, type[CandidateSource]]] = {
    Repurchase.name: Repurchase,
    Popularity.name: Popularity,
    SameProduct.name: SameProduct,
    CoPurchase.name: CoPurchase,
    FavouriteCategory.name: FavouriteCategory,
    MatrixFactorization.name: MatrixFactorization,
    Content.name: Content,
}
