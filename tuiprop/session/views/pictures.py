"""The view of the first-layer weights as pictures."""

from tuiprop.protocol.messages.pictures import WeightPictures, WeightPicturesQuery
from tuiprop.session.views.predictions import Predictor


def weight_pictures(predictor: Predictor, query: WeightPicturesQuery) -> WeightPictures:
    """Draw the weights of some units of the first layer."""
    if predictor.images is None:
        return WeightPictures(pictures=[])
    W, names = predictor.parameters.W[1], predictor.at.session.unit_names(1)
    units = range(query.first, min(query.first + query.count, len(W)))
    return WeightPictures(
        pictures=[predictor.images.weights(f"W[1][{names[unit]}]", W[unit]) for unit in units]
    )
