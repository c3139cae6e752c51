"""Faces in a photograph that scikit-image ships."""

import cv2
import torch
from skimage import data

from diffusion.images.faces import face_mask, find_faces
from diffusion.images.regions import Box


def test_the_face_of_a_photograph_is_found_and_nothing_in_one_without():
    portrait = torch.from_numpy(data.astronaut()[:300, 60:360]).float() / 255
    (face,) = find_faces(portrait, smallest=0.2)
    eyes_and_mouth = [(92, 150), (92, 185), (150, 165)]  # rows and columns, read off the picture
    assert all(face.top < row < face.bottom and face.left < column < face.right for row, column in eyes_and_mouth)
    assert 60 < face.width < 140
    coffee = torch.from_numpy(data.coffee()).float() / 255
    assert find_faces(coffee, smallest=0.2) == []


def test_an_inclined_face_is_found_where_it_is():
    levels, turn = data.astronaut()[:300, 60:360], cv2.getRotationMatrix2D((150, 150), 40, 1)
    turned = cv2.warpAffine(levels, turn, (300, 300), borderMode=cv2.BORDER_REPLICATE)
    portrait = torch.from_numpy(turned).float() / 255
    assert find_faces(portrait, 0.2) == []
    (face,) = find_faces(portrait, 0.2, certainty=8, tilted=True)
    x, y = turn @ (165, 118, 1)  # the middle of the face, turned about that of the picture
    assert abs((face.left + face.right) / 2 - x) < 15
    assert abs((face.top + face.bottom) / 2 - y) < 15


def test_masks_of_faces():
    box = Box(10, 20, 30, 50)
    rectangle = face_mask(box, 80, 60, 1.0, "rectangle")
    assert rectangle.sum() == 20 * 30
    assert rectangle[0, 20:50, 10:30].all()
    ellipse = face_mask(box, 80, 60, 1.0)
    assert abs(float(ellipse.sum()) - 3.14159 * 10 * 15) < 12
    assert ellipse[0, 35, 20] == 1
    assert ellipse[0, 21, 11] == 0
    assert face_mask(box, 80, 60, 2.0, "rectangle")[0, 5:65, 0:40].all()
