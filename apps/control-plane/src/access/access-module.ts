import { Module } from '@nestjs/common';
import { Database } from '@takt/persistence';
import { CLOCK, provide } from '../boot/tokens.js';
import { AccessController } from './access-controller.js';
import { Attempts } from './attempts.js';
import { Login } from './login.js';
import { Sessions } from './sessions.js';
import { CreateToken, RevokeToken, TokenQueries } from './tokens.js';

@Module({
  controllers: [AccessController],
  providers: [
    provide(Attempts, CLOCK),
    provide(Login, Database, CLOCK, Attempts),
    provide(Sessions, Database, CLOCK, Attempts),
    provide(TokenQueries, Database, CLOCK),
    provide(CreateToken, Database, CLOCK),
    provide(RevokeToken, Database, CLOCK),
  ],
})
export class AccessModule {}
