import { Module } from '@nestjs/common';
import { Database } from '@takt/persistence';
import { CLOCK, provide } from '../boot/tokens.js';
import { AccessController } from './access-controller.js';
import { Login } from './login.js';
import { CreateToken, RevokeToken, TokenQueries } from './tokens.js';

@Module({
  controllers: [AccessController],
  providers: [
    provide(Login, Database, CLOCK),
    provide(TokenQueries, Database),
    provide(CreateToken, Database, CLOCK),
    provide(RevokeToken, Database, CLOCK),
  ],
})
export class AccessModule {}
