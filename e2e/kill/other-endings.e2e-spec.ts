import { Scenario } from './kill-cases.js';
import { killSuite } from './kill-suite.js';

killSuite(Object.values(Scenario).filter((scenario) => scenario !== Scenario.commit));
