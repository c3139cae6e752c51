"""Videos and animations: reading and writing them through FFmpeg, and making their frames anew."""

from diffusion.video.reading import VideoError, VideoFacts, facts_of, load_frames
from diffusion.video.selection import Selection
from diffusion.video.writing import FORMATS, write_video

__all__ = ["FORMATS", "Selection", "VideoError", "VideoFacts", "facts_of", "load_frames", "write_video"]
