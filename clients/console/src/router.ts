// Which page, by the part of the address behind #: "#/statements/60a0…".
import { useEffect, useState } from "react";

export interface Place {
  page: string;
  rest: string;
}

export function placeOf(hash: string): Place {
  const [page = "", ...rest] = hash.replace(/^#\/?/, "").split("/");
  return { page: page || "overview", rest: decodeURIComponent(rest.join("/")) };
}

export function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const changed = (): void => setPlace(placeOf(location.hash));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return place;
}

export function go(page: string, rest = ""): void {
  location.hash = rest ? `#/${page}/${encodeURIComponent(rest)}` : `#/${page}`;
}
