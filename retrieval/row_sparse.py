"""Training whose cost per step does not depend on the size of the tables: all TensorFlow that retrieval has.

Input: Vectors and batches. Output: trained Vectors after every epoch. A step on a CPU reads and writes only the rows of its
batch. For Adagrad that is exact, not an approximation: a row without gradient does not move.
Import this module inside functions only, after `start_tensorflow`: it loads TensorFlow.
"""

from collections.abc import Callable, Iterable, Iterator

import keras
import numpy as np
import tensorflow as tf

from retrieval.embedding_batches import Batch, Floats, Vectors
from retrieval.embedding_model import EmbeddingModel
from retrieval.source import Device

Step = Callable[[Batch], float]


class RowSparseAdagrad(keras.optimizers.Adagrad):  # type: ignore[misc]  # Keras has no stubs
    """Adagrad that touches only the rows a batch used (Duchi et al., 2011); dense gradients take the stock path."""

    def update_step(self, gradient: tf.Tensor | tf.IndexedSlices, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        rows, slot = tf.unique(gradient.indices)  # a row that occurs twice must be summed before it is squared
        total = tf.math.unsorted_segment_sum(gradient.values, slot, tf.size(rows))
        accumulator = self._accumulators[self._get_variable_index(variable)].value
        accumulator.scatter_add(tf.IndexedSlices(tf.square(total), rows))
        scale = tf.sqrt(tf.gather(accumulator, rows) + self.epsilon)
        variable.scatter_sub(tf.IndexedSlices(tf.cast(learning_rate, total.dtype) * total / scale, rows))


def train(
    customers: Vectors, articles: Vectors, epochs: Iterable[Iterable[Batch]], *, learning_rate: float, l2: float, device: Device
) -> Iterator[tuple[Floats, tuple[Vectors, Vectors]]]:
    """After every epoch: the loss of each batch, and the vectors of customers and articles."""
    model = EmbeddingModel(customers, articles, l2=l2, dtype="mixed_bfloat16" if device == "gpu" else "float32")
    step = compiled_step(model, learning_rate, device=device)
    for batches in epochs:
        losses = np.array([step(batch) for batch in batches], np.float32)
        trained_customers = Vectors(customers.ids, model.customer_vectors.numpy(), customers.bias)
        yield losses, (trained_customers, Vectors(articles.ids, model.article_vectors.numpy(), model.article_bias.numpy()))


def compiled_step(model: EmbeddingModel, learning_rate: float, *, device: Device) -> Step:
    """A function that trains `model` on one batch and gives its loss. Batches must have one size.

    On a CPU gradients stay sparse. On a GPU they are made dense and the step is compiled by XLA: the same numbers up to
    rounding, faster with large batches.
    """
    optimizer = RowSparseAdagrad(learning_rate)
    optimizer.build(model.trainable_variables)
    weights = [weight.value for weight in model.trainable_variables]

    def step(*arrays: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = model.call(Batch(*arrays))
        gradients = tape.gradient(loss, weights)
        if device == "gpu":
            gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    compiled = tf.function(step, jit_compile=device == "gpu", reduce_retracing=True)
    return lambda batch: float(compiled(*batch))
