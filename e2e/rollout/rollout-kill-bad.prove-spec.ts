import { rolloutKillSuite } from './rollout-kill-suite.js';

rolloutKillSuite(true);
