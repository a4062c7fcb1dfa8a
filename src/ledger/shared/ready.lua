-- Makes a change that is refused wherever counting is refused.
-- KEYS[4]: a key of its own.

redis.call('SET', KEYS[4], '1', 'PX', 60000)
return 1
