"""One AAC frame of silence, and the codec it is written in: AAC-LC, 48 kHz, stereo, as ffmpeg's encoder configures it.

Where an encoder sends no sound, or stops sending it, the segmenter puts these frames in its place: no encoder is needed
for nothing, and sound that stays away never holds the pictures up.
"""

from server.media.fmp4_codec import Codec
from server.media.fmp4_write import AUDIO_TIMESCALE

# A channel pair with nothing in it, then the end mark (ISO/IEC 14496-3 §4.4.2.1): 1,024 samples.
SILENT_FRAME = bytes.fromhex("211004608c1c")
# AudioSpecificConfig (§1.6.2.1): object type 2, 48 kHz, two channels; then "no SBR", said explicitly (§1.6.6).
SILENT_CODEC = Codec("mp4a", bytes.fromhex("119056e500"), channels=2, sample_rate=AUDIO_TIMESCALE, object_type=0x40)
