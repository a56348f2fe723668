// Who is signed in, for all of the page.
import { createContext, useContext } from "react";
import type { SessionInfo } from "./api";

export const SessionContext = createContext<SessionInfo | undefined>(undefined);

export function useSession(): SessionInfo {
  return useContext(SessionContext)!;
}
