#!/usr/bin/env node
// The one door: `node scripts/run.mjs <setup|demo|start|test|check|bench|berth> [arguments]`.
// Plain JavaScript without dependencies, because it runs before anything is installed; the version is checked before newer syntax is loaded.

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `berth needs Node 20.19 or newer; this is ${process.versions.node} (${process.execPath}).\n` +
      'Install a newer one from https://nodejs.org or with your version manager (nvm install 22, fnm install 22, brew install node).\n',
  );
  process.exit(1);
}

const { main } = await import('./run/main.mjs');
process.exitCode = await main(process.argv.slice(2));
