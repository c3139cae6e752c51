"""Poses of people: skeletons, hands and faces as OpenPose draws them (Cao et al. 2017)."""

from pathlib import Path
from typing import Any

from diffusion.annotators.networks import NetworkFile, tensors
from diffusion.annotators.scaling import Levels
from diffusion.annotators.skeletons import drawn


def body(levels: Levels, body: Any) -> Levels:
    """Skeletons of 18 points."""
    return _drawn(levels, body, None, None, with_body=True)


def body_and_hands(levels: Levels, body: Any, hand: Any) -> Levels:
    """Skeletons and hands."""
    return _drawn(levels, body, hand, None, with_body=True)


def body_and_face(levels: Levels, body: Any, face: Any) -> Levels:
    """Skeletons and faces."""
    return _drawn(levels, body, None, face, with_body=True)


def face_only(levels: Levels, body: Any, face: Any) -> Levels:
    """Faces alone; the body says where they are."""
    return _drawn(levels, body, None, face, with_body=False)


def hands_only(levels: Levels, body: Any, hand: Any) -> Levels:
    """Hands alone; the body says where they are."""
    return _drawn(levels, body, hand, None, with_body=False)


def hands_and_face(levels: Levels, body: Any, hand: Any, face: Any) -> Levels:
    """Hands and faces without bodies."""
    return _drawn(levels, body, hand, face, with_body=False)


def everything(levels: Levels, body: Any, hand: Any, face: Any) -> Levels:
    """Skeletons, hands and faces."""
    return _drawn(levels, body, hand, face, with_body=True)


def _drawn(levels: Levels, body: Any, hand: Any, face: Any, *, with_body: bool) -> Levels:
    from controlnet_aux import OpenposeDetector

    with_hand, with_face = hand is not None, face is not None
    poses = OpenposeDetector(body, hand, face).detect_poses(levels, with_hand, with_face)
    return drawn(poses, *levels.shape[:2], body=with_body, hand=with_hand, face=with_face)


def _with_weights(estimator: Any, network: Any, weights: dict[str, Any]) -> Any:
    """An estimator of the package around a network: its constructor would read a file by itself, for one device."""
    network.load_state_dict(weights)
    estimator.model = network.float().eval().requires_grad_(False)
    return estimator


def _unprefixed(network: Any, weights: dict[str, Any]) -> dict[str, Any]:
    """Weights under the names of a network whose files leave out the first part of each name."""
    return {name: weights[name.partition(".")[2]] for name in network.state_dict()}


def _body(path: Path) -> Any:
    from controlnet_aux.open_pose.body import Body
    from controlnet_aux.open_pose.model import bodypose_model

    network = bodypose_model()
    return _with_weights(Body.__new__(Body), network, _unprefixed(network, tensors(path)))


def _hand(path: Path) -> Any:
    from controlnet_aux.open_pose.hand import Hand
    from controlnet_aux.open_pose.model import handpose_model

    network = handpose_model()
    return _with_weights(Hand.__new__(Hand), network, _unprefixed(network, tensors(path)))


def _face(path: Path) -> Any:
    from controlnet_aux.open_pose.face import Face, FaceNet, params

    estimator = Face.__new__(Face)
    estimator.inference_size = params["inference_img_size"]
    estimator.sigma = params["gaussian_sigma"]
    estimator.threshold = params["heatmap_peak_thresh"]
    return _with_weights(estimator, FaceNet(), tensors(path))


BODY = NetworkFile(("body_pose_model.pth",), _body)
HAND = NetworkFile(("hand_pose_model.pth",), _hand)
FACE = NetworkFile(("facenet.pth",), _face)
