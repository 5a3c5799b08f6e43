/** The lab's counterpart of Docker Hub: a registry without images, which answers mirrors that ask at their start whether it is there. */
import { createServer } from "node:http";

createServer(({ url = "/" }, response) => {
  const there = url === "/v2/" || url === "/healthz";
  const none = { errors: [{ code: "MANIFEST_UNKNOWN", message: "the lab's counterpart of Docker Hub has no images" }] };
  const headers = { "content-type": "application/json", "docker-distribution-api-version": "registry/2.0" };
  response.writeHead(there ? 200 : 404, headers);
  response.end(JSON.stringify(there ? {} : none));
}).listen(8080, () => {
  console.log("counterpart of Docker Hub in the lab; it is not Docker's");
});
