import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** Files of a server's identity. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Makes a self-signed certificate for 127.0.0.1 in a folder. Needs openssl. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const made = { certificate: join(folder, "certificate.pem"), key: join(folder, "key.pem") };
  const kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"];
  await promisify(execFile)("openssl", [...kind, ...names, "-keyout", made.key, "-out", made.certificate]);
  return made;
}
