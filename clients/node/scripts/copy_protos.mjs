// The contract becomes a part of the package. ADBMS_PROTO: where it is, if not in the repository.
import { cpSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const from = process.env.ADBMS_PROTO ?? join(here, "../../../proto");
for (const file of ["adbms/common/v1/access.proto", "adbms/gateway/v1/gateway.proto"]) {
  cpSync(join(from, file), join(here, "../dist/proto", file));
}
