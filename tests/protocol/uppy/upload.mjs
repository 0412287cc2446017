// Uploads a file with Uppy and its tus plugin as they are; prints the URL it got.
//   node upload.mjs ENDPOINT TOKEN SESSION FILE CHUNK_BYTES
import { readFile } from "node:fs/promises";
import Uppy from "@uppy/core";
import Tus from "@uppy/tus";

const [endpoint, token, session, path, chunkBytes] = process.argv.slice(2);
const uppy = new Uppy().use(Tus, {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  chunkSize: Number(chunkBytes),
  allowedMetaFields: ["session", "purpose", "filename"],
});
// tus-js-client reads Buffers in Node where a browser has Blobs; Uppy asks either for its size.
const bytes = await readFile(path);
uppy.addFile({
  name: "talk.mp4",
  type: "video/mp4",
  data: Object.assign(bytes, { size: bytes.length }),
  meta: { session, purpose: "recording", filename: "talk.mp4" },
});
const { successful, failed } = await uppy.upload();
for (const file of failed) console.error(file.error);
for (const file of successful) console.log(file.uploadURL);
process.exit(failed.length);
