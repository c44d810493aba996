"""The embedding model trained by the optimizers to compare: row-sparse Adagrad, and what Keras has in stock.

Input: Vectors to start from. Output: a function that trains on a stack of batches, for each peer.
Import this module inside functions only, after `start_tensorflow`: it loads TensorFlow.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import tensorflow as tf
from keras import ops

from lookbook.retrieval.sources.matrix_factorization import STACK, MatrixFactorization
from lookbook.retrieval.vectors.batches import Batch, Floats
from lookbook.retrieval.vectors.model import EmbeddingModel
from lookbook.retrieval.vectors.row_sparse import RowSparseAdagrad, Steps, compiled_steps


class DenseAdagrad(keras.optimizers.Adagrad):  # type: ignore[misc]  # Keras has no stubs
    """Adagrad of Keras on dense gradients.

    Given sparse ones, as TensorFlow makes them, it squares the gradient of every occurrence of a row before it adds them up,
    not their sum: another algorithm.
    """

    def update_step(self, gradient: tf.Tensor | tf.IndexedSlices, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        super().update_step(tf.convert_to_tensor(gradient), variable, learning_rate)


class EmbeddingLayers(EmbeddingModel):
    """The same model with a keras.layers.Embedding for each table."""

    def _table(self, name: str, start: Floats) -> keras.layers.Embedding:
        rows = start.reshape(len(start), -1)
        initializer = keras.initializers.Constant(0.0)
        layer = keras.layers.Embedding(*rows.shape, name=name, embeddings_initializer=initializer)
        layer.build()
        layer.set_weights([rows])
        return layer

    def look_up(self, batch: Batch) -> tuple[keras.KerasTensor, ...]:
        return (
            self.customer_vectors(batch.customer),
            self.article_vectors(batch.article),
            self.article_vectors(batch.negative),
            ops.squeeze(self.article_bias(batch.article), -1),
            ops.squeeze(self.article_bias(batch.negative), -1),
        )


@dataclass(frozen=True)
class Peer:
    """One way to train. stack: batches per call, fewer where a step is slow, so that a measurement ends."""

    name: str
    model: type[EmbeddingModel]
    optimizer: Callable[[float], keras.optimizers.Optimizer]
    stack: int

    def steps(self, model: EmbeddingModel, source: MatrixFactorization) -> Steps:
        return compiled_steps(model, self.optimizer(source.learning_rate), device="cpu")


ADAM_STEP = 0.001
"""Adam divides by the size of recent gradients, so that a step size of Adagrad would be far too large; this is what Keras has."""

PEERS = (
    Peer("row-sparse Adagrad", EmbeddingModel, RowSparseAdagrad, STACK),
    Peer("Keras Adagrad, dense gradients", EmbeddingModel, DenseAdagrad, 2),
    Peer("Keras Adagrad", EmbeddingModel, keras.optimizers.Adagrad, 2),
    Peer("Keras Adam, Embedding layers", EmbeddingLayers, lambda _: keras.optimizers.Adam(ADAM_STEP), 2),
)
