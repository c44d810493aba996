"""All candidate sources, by name."""

from typing import Final

from lookbook.retrieval.co_purchase import CoPurchase
from lookbook.retrieval.favourite_category import FavouriteCategory
from lookbook.retrieval.matrix_factorization import MatrixFactorization
from lookbook.retrieval.popularity import Popularity
from lookbook.retrieval.repurchase import Repurchase
from lookbook.retrieval.same_product import SameProduct
from lookbook.retrieval.source import CandidateSource

SOURCES: Final[dict[str, type[CandidateSource]]] = {
    Repurchase.name: Repurchase,
    Popularity.name: Popularity,
    SameProduct.name: SameProduct,
    CoPurchase.name: CoPurchase,
    FavouriteCategory.name: FavouriteCategory,
    MatrixFactorization.name: MatrixFactorization,
}
