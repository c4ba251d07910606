import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// Writes a .gz beside every asset worth it; the server sends those bytes as they are.
function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    writeBundle({ dir = "dist" }) {
      const assets = join(dir, "assets");
      for (const name of readdirSync(assets)) {
        if (!/\.(js|css|svg|json)$/.test(name)) continue;
        const raw = readFileSync(join(assets, name));
        const packed = gzipSync(raw, { level: constants.Z_BEST_COMPRESSION });
        if (packed.length < raw.length * 0.9) writeFileSync(join(assets, `${name}.gz`), packed);
      }
      writeFileSync(join(dir, ".keep"), "");
    },
  };
}

export default defineConfig({
  plugins: [react(), precompress()],
  server: { proxy: { "/v1": process.env.QINGYUAN_API ?? "http://127.0.0.1:8080" } },
  build: { target: "es2022", chunkSizeWarningLimit: 1500, modulePreload: { polyfill: false } },
});
