#!/usr/bin/env node
import { launch } from './launch.mjs'

await launch('src/main.ts', process.argv.slice(2), { cwd: process.cwd() })
