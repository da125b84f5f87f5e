import { Scenario } from './kill-cases.js';
import { killSuite } from './kill-suite.js';

killSuite([Scenario.commit]);
