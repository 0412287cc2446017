"""What a page shows, read back from its pixels."""

from tests.frame_code import CODE_BITS, STRIP

# Reads the number of every picture the page shows, with the page's clock, as tests/frame_code.py writes it.
WATCH = f"""(video) => {{
  window.glass = [];
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", {{ willReadFrequently: true }});
  const look = () => {{
    const at = Date.now();
    canvas.width = video.videoWidth;
    canvas.height = Math.max(8, Math.floor(video.videoHeight / {STRIP}));
    pen.drawImage(video, 0, 0, video.videoWidth, canvas.height, 0, 0, canvas.width, canvas.height);
    const row = pen.getImageData(0, Math.floor(canvas.height / 2), canvas.width, 1).data;
    let bits = 0;
    for (let n = 0; n < {CODE_BITS}; n += 1) {{
      const x = Math.floor(((2 * n + 1) * canvas.width) / {2 * CODE_BITS});
      if (row[4 * x + 1] > 128) bits |= 1 << n;
    }}
    const number = bits & 0xffff;
    const check = [0, 1, 2, 3].reduce((sum, n) => sum + ((number >> (4 * n)) & 15), 0) % 16;
    if (check === bits >> 16) window.glass.push([at, number]);
    video.requestVideoFrameCallback(look);
  }};
  video.requestVideoFrameCallback(look);
}}"""
