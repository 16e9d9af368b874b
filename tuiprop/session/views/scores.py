"""The view of the scores of the predictions."""

import numpy as np

from tuiprop.data.preparation.encoding import unscaled
from tuiprop.protocol.messages.scores import (
    ClassesNote,
    ExampleNote,
    NumberScore,
    Scores,
    ScoresQuery,
)
from tuiprop.session.scores import class_scores, confusion, number_score, roc
from tuiprop.session.views.predictions import Predictions, Predictor
from tuiprop.training.metrics import accuracy, predicted_classes, probabilities


def scores(predictor: Predictor, query: ScoresQuery) -> Scores:
    """Score the predictions for a subset of the examples."""
    predictions = predictor.predictions(query.subset)
    of_classes = bool(predictor.at.session.examples.classes)
    return Scores(
        update=predictor.at.run.t,
        scored=len(predictions.places),
        of=predictions.of,
        classes=_classes(predictor, query, predictions) if of_classes else None,
        numbers=[] if of_classes else _numbers(predictor, predictions),
    )


def _classes(
    predictor: Predictor, query: ScoresQuery, predictions: Predictions
) -> ClassesNote | None:
    places, outputs = predictions.places, predictions.outputs
    if not len(places):
        return None
    classes = predictor.at.session.examples.classes
    actual = predicted_classes(predictor.actual(places).T)
    shares = probabilities(outputs)
    loss = predictor.at.run.network.loss
    two = outputs.shape[1] == 1 or (len(classes) == 2 and loss == "cross_entropy")
    if two and not (outputs.shape[1] == 2 and query.threshold == 0.5):
        predicted = np.asarray(shares[:, 1] > query.threshold, np.intp)
    else:
        predicted = predicted_classes(outputs.T)
    counts = confusion(actual, predicted, len(classes))
    if query.cell is None:
        wrong = np.flatnonzero(actual != predicted)
        found = wrong if len(wrong) else np.arange(len(actual))
    else:
        found = np.flatnonzero((actual == query.cell[0]) & (predicted == query.cell[1]))
    of_actual = shares[np.arange(len(actual)), actual]
    worst = found[np.argsort(of_actual[found], kind="stable")]
    listed = worst[query.first : query.first + query.count]
    held_out = predictor.is_held_out(places)
    return ClassesNote(
        classes=list(classes),
        counts=counts.tolist(),
        scores=class_scores(counts),
        accuracy=accuracy(actual, predicted),
        threshold=query.threshold if two else None,
        roc=roc(actual == 1, shares[:, 1]) if two else None,
        examples=[
            ExampleNote(
                row=int(predictor.rows[places[i]]),
                held_out=bool(held_out[i]),
                actual=int(actual[i]),
                predicted=int(predicted[i]),
                p_actual=float(shares[i, actual[i]]),
                p_predicted=float(shares[i, predicted[i]]),
            )
            for i in listed.tolist()
        ],
        found=len(found),
    )


def _numbers(predictor: Predictor, predictions: Predictions) -> list[NumberScore]:
    examples, places = predictor.at.session.examples, predictions.places
    if not len(places):
        return []
    actual = predictor.actual(places)
    predicted = unscaled(examples.targets, predictions.outputs)
    rows, held_out = predictor.rows[places], predictor.is_held_out(places)
    return [
        number_score(name, actual[:, k], predicted[:, k], rows, held_out)
        for k, name in enumerate(examples.outputs)
    ]
