import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// For `npm run dev`: the gateway's HTTP front that answers what is not a file here.
declare const process: { env: Record<string, string | undefined> };
const gateway = process.env.ADBMS_HTTP ?? "http://127.0.0.1:8433";

const own = "assets/signin-[hash].js";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The SQL page's editor is loaded with that page.
    chunkSizeWarningLimit: 600,
    rollupOptions: {
      input: ["index.html", "signin.html"],
      output: {
        // The gateway gives only what is called signin… to those who are not signed in: that page's
        // own files, and what it shares with the other.
        entryFileNames: (chunk) => (chunk.facadeModuleId?.endsWith("signin.html") ? own : "assets/[name]-[hash].js"),
        chunkFileNames: (chunk) => (chunk.name === "base" ? own : "assets/[name]-[hash].js"),
        assetFileNames: (asset) =>
          [asset.name, ...(asset.names ?? [])].some((name) => /^(base|signin)\b/.test(name ?? ""))
            ? "assets/signin-[hash][extname]"
            : "assets/[name]-[hash][extname]",
      },
    },
  },
  server: { proxy: { "/api": gateway } },
});
