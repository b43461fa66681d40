import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** For tests: a certificate of this machine's own names, which vouches for itself. */
export interface Certificate {
  /** For NODE_EXTRA_CA_CERTS of whoever is to trust it. */
  readonly path: string;
  /** Lines of redis.conf. */
  configLines(port: number): string[];
}

/** For `name` and `address`, in `folder`. @throws Error where there is no openssl */
export function makeCertificate(folder: string, address = "127.0.0.1", name = "localhost"): Certificate {
  const [key, path] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const names = ["-subj", `/CN=${name}`, "-days", "2", "-addext", `subjectAltName=DNS:${name},IP:${address}`];
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", path, ...names];
  execFileSync("openssl", args, { stdio: "ignore" });
  return {
    path,
    configLines: (port) => [`tls-port ${port}`, `tls-cert-file ${path}`, `tls-key-file ${key}`, "tls-auth-clients no"],
  };
}
