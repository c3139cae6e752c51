"""Write the control network for poses: `python -m tools.pocket.export_pose`, from what `tools.pocket.pose` left."""

from __future__ import annotations

from tools.pocket import pose
from tools.pocket.export_control import CONTROL_NET, export, metadata

POSE_NET = CONTROL_NET.with_name("pocket_pose.safetensors")
TITLE = "Pocket Pose"
DESCRIPTION = "Puts what the pocket checkpoint paints where OpenPose's skeleton says, on black."


def main() -> None:
    """Write the control network for poses."""
    export(pose.POSE, POSE_NET, metadata(TITLE, DESCRIPTION))


if __name__ == "__main__":
    main()
