#!/usr/bin/env node
import '../dist/activate-main.js';
