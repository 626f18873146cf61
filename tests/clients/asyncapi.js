// Prints every diagnostic of AsyncAPI's own parser about a document, as JSON: `node asyncapi.js FILE`.
const fs = require("node:fs");
const { Parser } = require("@asyncapi/parser");

(async () => {
  const { document, diagnostics } = await new Parser().parse(fs.readFileSync(process.argv[2], "utf-8"));
  process.stdout.write(JSON.stringify({
    channels: document ? document.channels().all().length : 0,
    operations: document ? document.operations().all().length : 0,
    diagnostics,
  }));
})();
