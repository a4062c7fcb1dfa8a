// with-token.mjs HOST:PORT TOKEN: a proxy at a free port of this machine, which it prints, that adds the token to each
// request. The suite cannot send one. Everything else passes as it is: Host, Origin, streams and who hangs up.
import { createServer, request } from "node:http";

const [target, token] = process.argv.slice(2);
const [host, port] = target.split(":");
const server = createServer((asked, answer) => {
  const headers = { ...asked.headers, authorization: `Bearer ${token}` };
  const passed = request({ host, port, method: asked.method, path: asked.url, headers, setHost: false }, (reply) => {
    answer.writeHead(reply.statusCode, reply.rawHeaders);
    answer.flushHeaders();
    reply.pipe(answer);
  });
  passed.on("error", () => answer.destroy());
  answer.on("close", () => passed.destroy());
  asked.pipe(passed);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
