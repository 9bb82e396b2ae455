import preact from "@preact/preset-vite";
import { defineConfig } from "vitest/config";

// The hub serves the built files; nothing is loaded from anywhere else at run time.
export default defineConfig({
  plugins: [preact()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content security policy allows no data: addresses for scripts
    modulePreload: { polyfill: false },
    rollupOptions: { input: { app: "index.html", sw: "src/sw.ts" }, output: {
      entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
    } },
  },
  server: { proxy: { "/api": { target: "https://127.0.0.1:8443", secure: false, ws: true } } },
  test: { environment: "node", include: ["tests/**/*.test.ts"], css: { include: [/theme/] } },
});
