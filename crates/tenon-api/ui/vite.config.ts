import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

/** The hub that `npm run dev` speaks to. TENON_TOKEN signs in by an API token, without a session. */
const hub = process.env.TENON_URL ?? 'http://127.0.0.1:8383'
const token = process.env.TENON_TOKEN
const toHub = { target: hub, headers: token ? { authorization: `Bearer ${token}` } : undefined }

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: '../console/app',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 900,
  },
  // The server writes a fresh nonce into each answer; styles that scripts add carry it.
  html: { cspNonce: '{{nonce}}' },
  server: {
    // The canonical schemas stand beside the crates; a test reads the names of the trail's actions.
    fs: { allow: ['.', '../../../schemas', '../src/access'] },
    proxy: { '/api': toHub, '/health': toHub, '/openapi.json': toHub },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
  },
})
