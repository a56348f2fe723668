// The server under test is named by the environment.
import { Client } from "adbms";

export const address = process.env.ADBMS_ADDRESS;
export const password = process.env.ADBMS_PASSWORD;

export function client(options = {}) {
  return new Client({ address, user: "adbms", password, ...options });
}

// Runs with a session; everything is closed at the end.
export async function withSession(work, sessionOptions = {}, clientOptions = {}) {
  const made = client(clientOptions);
  try {
    return await made.session(work, sessionOptions);
  } finally {
    made.close();
  }
}
